import { checkSpecOf } from '#domain/check/monitor.ts';
import type { TestAnswer } from '#domain/wire/wire.ts';
import { authorize } from '../authorize.ts';
import type { RequestContext } from '../request-context.ts';
import { invalid } from '../validated.ts';
import { findMonitor, patchedMonitor, readMonitor, requirePossible } from './stored.ts';
import { recordTry } from './try.ts';

/**
 * Runs a stored monitor once with a patch applied, without saving: "Test now" of a form that does not have the stored
 * password.
 */
export async function tryChangedMonitor(
  ctx: RequestContext,
  id: string,
  patch: Record<string, unknown>,
): Promise<TestAnswer> {
  authorize(ctx, 'write');
  const stored = readMonitor(ctx, await findMonitor(ctx, id));
  const patched = patchedMonitor(stored, patch);
  // A stand-in is nothing to check.
  const lost = stored.problem?.paths.find((path) => path.startsWith('config') && !('config' in patch));
  if (lost !== undefined) throw invalid(lost, 'give it again: the stored one cannot be read');
  const { config, locations, timeoutMs, confirm } = patched;
  requirePossible({ config, locations, confirm });
  const organization = ctx.caller.organizationId;
  const asked = { monitorId: id, check: patched, attempts: 1 };
  ctx.checksOnDemand.require(organization, asked, ctx.clock.now().getTime());
  const answer = await ctx.edge.test({ v: 1, ...checkSpecOf(patched), locations, timeoutMs, organization });
  await recordTry(ctx, id, { config, locations });
  return answer;
}
