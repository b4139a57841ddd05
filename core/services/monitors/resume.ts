import { inUnit } from '#core/unit-of-work.ts';
import type { Monitor } from '#domain/api/monitor.ts';
import { authorize } from '../authorize.ts';
import type { Revised } from '../expected-revision.ts';
import type { RequestContext } from '../request-context.ts';
import { changeMonitor } from './update.ts';

/** Resumes the checks at once. The status is pending until the first round is judged. */
export async function resumeMonitor(ctx: RequestContext, id: string): Promise<Revised<Monitor>> {
  authorize(ctx, 'write');
  return inUnit(ctx, (ctx) => changeMonitor(ctx, id, { action: 'monitor.resume', patch: { enabled: true } }));
}
