import { eq, sql } from 'drizzle-orm';
import type { Transaction } from '#core/context.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import { requestAssignment } from '#core/publish/request.ts';
import { monitors } from '#db/schema.ts';
import type { Monitor } from '#domain/api/monitor.ts';
import { authorize } from '../authorize.ts';
import { type Revised, requireRevision } from '../expected-revision.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { answerOf } from './get.ts';
import { findMonitor, monitorColumns, patchedMonitor, requirePossible, storedMonitor } from './stored.ts';

/** Merge patch over the stored monitor; what it adds up to must be a whole valid monitor. */
export async function updateMonitor(
  ctx: RequestContext,
  id: string,
  patch: Record<string, unknown>,
  ifMatch?: string,
): Promise<Revised<Monitor>> {
  authorize(ctx, 'write');
  return inTransaction(ctx, (tx) => changeMonitor(tx, ctx, id, { action: 'monitor.update', patch, ifMatch }));
}

/** One change of a monitor: also pause and resume, which are patches with names of their own. */
export async function changeMonitor(
  tx: Transaction,
  ctx: RequestContext,
  id: string,
  change: { action: string; patch: Record<string, unknown>; ifMatch?: string | undefined },
): Promise<Revised<Monitor>> {
  const before = await findMonitor(tx, ctx, id, true);
  requireRevision(change.ifMatch, before.revision);
  const input = patchedMonitor(storedMonitor(ctx, before), change.patch);
  requirePossible(input);
  const [row] = await tx
    .update(monitors)
    .set({
      ...monitorColumns(ctx, id, input),
      revision: sql`${monitors.revision} + 1`,
      updatedAt: ctx.clock.now(),
    })
    .where(eq(monitors.id, id))
    .returning();
  if (row === undefined) throw new ProblemError('internal');
  await requestAssignment(tx, row.shardId);
  const answer = await answerOf(ctx, tx, row);
  await recordAudit(tx, ctx, {
    action: change.action,
    targetType: 'monitor',
    targetId: id,
    before: (await answerOf(ctx, tx, before)).object,
    after: answer.object,
  });
  return answer;
}
