import { sql } from 'drizzle-orm';
import type { RoundJudgedEvent } from '#domain/wire/wire.ts';
import { type Column, type Executor, unnest } from './executor.ts';
import { markHours } from './mark-hours.ts';

const COLUMNS: readonly Column<RoundJudgedEvent>[] = [
  ['monitor_id', 'text', (round) => round.monitorId],
  ['scheduled_at', 'timestamptz', (round) => round.scheduledAt],
  ['status', 'text', (round) => round.status],
  ['failing', 'text', (round) => JSON.stringify(round.failing)],
  ['excluded', 'text', (round) => JSON.stringify(round.excluded)],
  ['cause', 'text', (round) => round.cause ?? null],
  ['interval_seconds', 'int4', (round) => round.intervalSeconds],
  ['judged_at', 'timestamptz', (round) => round.at],
  ['trace_id', 'text', (round) => round.traceId],
];

interface Slot {
  readonly monitorId: string;
  readonly scheduledAt: string;
}

const SLOT_COLUMNS: readonly Column<Slot>[] = [
  ['monitor_id', 'text', (slot) => slot.monitorId],
  ['scheduled_at', 'timestamptz', (slot) => slot.scheduledAt],
];

/**
 * Stores verdicts as they were judged and marks the hours whose figures they change; returns how many are new. The
 * first verdict on a slot is kept. The caller holds the locks on the monitors (lock-monitors.ts).
 */
export async function storeRounds(db: Executor, rounds: readonly RoundJudgedEvent[]): Promise<number> {
  const stored = await db.execute(sql`
    INSERT INTO rounds (monitor_id, scheduled_at, status, failing, excluded, cause, interval_seconds, judged_at, trace_id)
    SELECT monitor_id, scheduled_at, status, failing::jsonb, excluded::jsonb, cause, interval_seconds, judged_at, trace_id
    FROM ${unnest(rounds, COLUMNS)} ORDER BY monitor_id, scheduled_at
    ON CONFLICT DO NOTHING
    RETURNING monitor_id, scheduled_at`);
  if (stored.length > 0) await markChangedHours(db, stored.map(slotOf));
  return stored.length;
}

/**
 * A verdict replaces the one before it from its slot on, for as long as either of the two stands. Hours that begin
 * later are marked too, because no other round need fall into them.
 */
async function markChangedHours(db: Executor, slots: readonly Slot[]): Promise<void> {
  await db.execute(sql`
    WITH hours AS (
      SELECT DISTINCT r.monitor_id, hour
      FROM ${unnest(slots, SLOT_COLUMNS)}
      JOIN rounds r ON r.monitor_id = row.monitor_id AND r.scheduled_at = row.scheduled_at
      LEFT JOIN LATERAL (
        SELECT scheduled_at + interval_seconds * interval '1 second' AS until FROM rounds
        WHERE monitor_id = row.monitor_id AND scheduled_at < row.scheduled_at
          AND scheduled_at > row.scheduled_at - interval '1 day'
        ORDER BY scheduled_at DESC LIMIT 1
      ) before ON true
      CROSS JOIN LATERAL generate_series(
        date_trunc('hour', r.scheduled_at, 'UTC'),
        greatest(r.scheduled_at + r.interval_seconds * interval '1 second', before.until) - interval '1 millisecond',
        interval '1 hour'
      ) AS hour
    ), ${markHours(sql`hours`)}
    SELECT 1`);
}

function slotOf(row: Record<string, unknown>): Slot {
  return { monitorId: row.monitor_id as string, scheduledAt: row.scheduled_at as string };
}
