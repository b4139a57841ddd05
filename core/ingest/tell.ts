import type { StatusChange } from '#db/sql/store-statuses.ts';
import type { LiveEvent } from '#domain/api/live.ts';
import type { CheckResult } from '#domain/check/result.ts';
import type { CoreContext } from '../context.ts';

/** Emits new results to browsers. */
export function emitResults(
  ctx: Pick<CoreContext, 'live'>,
  results: readonly CheckResult[],
  owners: ReadonlyMap<string, string>,
): void {
  const events = new Map<string, LiveEvent[]>();
  for (const result of results) {
    const owner = owners.get(result.monitorId);
    if (owner === undefined) continue;
    const list = events.get(owner) ?? [];
    list.push({ type: 'result', data: result });
    events.set(owner, list);
  }
  for (const [owner, list] of events) ctx.live.emit(owner, list);
}

/** Emits changed statuses to browsers. */
export function emitStatuses(ctx: Pick<CoreContext, 'live'>, changes: readonly StatusChange[]): void {
  for (const { organizationId, monitorId, status, previous, since } of changes) {
    ctx.live.emit(organizationId, [
      { type: 'monitor.status', data: { monitorId, status, previous, since: since.toISOString() } },
    ]);
  }
}
