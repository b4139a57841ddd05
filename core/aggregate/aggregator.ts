import { PARTITION_WEEKS_AHEAD } from '#db/migrate.ts';
import { dropPartitions, ensurePartitions } from '#db/partitions.ts';
import { DAY_MS } from '#domain/base/duration.ts';
import type { CoreContext } from '../context.ts';
import { type Loop, startLoop } from '../platform/loop.ts';
import { rollUpDirtyHours } from './roll-up.ts';

/** Poll interval of the rollups: a closed hour is rolled up within a minute of becoming due. */
const ROLLUP_POLL_MS = 60_000;
/** Interval of retention and partition upkeep, which change by days and weeks only. */
const UPKEEP_MS = 60 * 60_000;
const RAW_DAYS = 90;
const HOURLY_DAYS = 365;
const PARKED_DAYS = 90;
/** Idempotency keys are valid for a day. */
const IDEMPOTENCY_HOURS = 24;
/** Rows of one DELETE: several short locks instead of one long lock. */
const DELETE_BATCH = 5_000;

/** Runs the periodic work: rollups, partitions, retention. Safe in several processes. */
export function startAggregator(ctx: CoreContext): { close(): Promise<void> } {
  const rollups = startLoop({
    name: 'rollups',
    pollMs: ROLLUP_POLL_MS,
    logger: ctx.logger,
    work: async () => ((await rollUpDirtyHours(ctx)) > 0 ? 'more' : 'idle'),
  });
  const upkeep: Loop = startLoop({
    name: 'upkeep',
    pollMs: UPKEEP_MS,
    logger: ctx.logger,
    work: async () => {
      await keepUp(ctx);
      return 'idle';
    },
  });
  return {
    async close() {
      await Promise.all([rollups.close(), upkeep.close()]);
    },
  };
}

/** Creates the partitions of the coming weeks and deletes expired rows. */
export async function keepUp(ctx: Pick<CoreContext, 'sql' | 'clock' | 'logger'>): Promise<void> {
  const now = ctx.clock.now();
  await ensurePartitions(ctx.sql, now, PARTITION_WEEKS_AHEAD);
  const dropped = await dropPartitions(ctx.sql, new Date(now.getTime() - RAW_DAYS * DAY_MS));
  if (dropped.length > 0) ctx.logger.info({ dropped }, 'results and rounds past their 90 days were dropped');
  const before = (ms: number) => new Date(now.getTime() - ms);
  await forget(ctx, 'rollups_hourly', 'hour', before(HOURLY_DAYS * DAY_MS));
  await forget(ctx, 'parked_messages', 'at', before(PARKED_DAYS * DAY_MS));
  await forget(ctx, 'idempotency_keys', 'created_at', before(IDEMPOTENCY_HOURS * 3_600_000));
  await forget(ctx, 'service_token_uses', 'expires_at', now);
  await forget(ctx, 'sessions', 'expires_at', now);
}

async function forget(ctx: Pick<CoreContext, 'sql'>, table: string, column: string, before: Date): Promise<void> {
  const { sql } = ctx;
  for (;;) {
    const deleted = await sql`
      DELETE FROM ${sql(table)} WHERE ctid IN (
        SELECT ctid FROM ${sql(table)} WHERE ${sql(column)} < ${before} LIMIT ${DELETE_BATCH})`;
    if (deleted.count < DELETE_BATCH) return;
  }
}
