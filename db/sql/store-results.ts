import { sql } from 'drizzle-orm';
import type { CheckResult } from '#domain/check/result.ts';
import { type Column, type Executor, unnest } from './executor.ts';
import { markHours } from './mark-hours.ts';

const RESULT_COLUMNS: readonly Column<CheckResult>[] = [
  ['id', 'text', (result) => result.id],
  ['monitor_id', 'text', (result) => result.monitorId],
  ['location', 'text', (result) => result.location],
  ['scheduled_at', 'timestamptz', (result) => result.scheduledAt],
  ['manual', 'bool', (result) => result.manual],
  ['started_at', 'timestamptz', (result) => result.startedAt],
  ['outcome', 'text', (result) => result.outcome],
  ['reason', 'text', (result) => result.reason ?? null],
  ['detail', 'text', (result) => result.detail ?? null],
  ['response_time_ms', 'float8', (result) => result.responseTimeMs],
  ['status_code', 'int4', (result) => result.statusCode ?? null],
  ['attempts', 'int4', (result) => result.attempts],
  ['colo', 'text', (result) => result.colo],
  ['trace_id', 'text', (result) => result.traceId],
  ['facts', 'text', factsOf],
];

/** wasMade() of domain/check/result.ts, as SQL over stored rows. */
const wasMade = sql`(attempts > 0 OR outcome <> 'error')`;

/**
 * Stores a batch of results, and the status changes of those that are new, in one statement; returns the ids of the new
 * ones. A result that is already stored changes nothing.
 *
 * Rows are written in the order of their keys, so two concurrent batches cannot deadlock. The join with `monitors`
 * leaves out a monitor that was just deleted: its status rows would violate the foreign key.
 */
export async function storeResults(db: Executor, results: readonly CheckResult[]): Promise<Set<string>> {
  const rows = await db.execute(sql`
    WITH incoming AS (
      SELECT DISTINCT ON (monitor_id, location, scheduled_at, manual) *
      FROM ${unnest(results, RESULT_COLUMNS)}
      ORDER BY monitor_id, location, scheduled_at, manual
    ), stored AS (
      INSERT INTO check_results (id, monitor_id, location, scheduled_at, manual, started_at, outcome, reason, detail,
                                 response_time_ms, status_code, attempts, colo, trace_id, facts)
      SELECT id, monitor_id, location, scheduled_at, manual, started_at, outcome, reason, detail,
             response_time_ms, status_code, attempts, colo, trace_id, facts::jsonb
      FROM incoming
      ON CONFLICT DO NOTHING
      RETURNING *
    ), located AS (
      INSERT INTO location_status AS known (monitor_id, location, outcome, reason, detail, last_check_at,
                                            scheduled_at, response_time_ms, colo)
      SELECT DISTINCT ON (s.monitor_id, s.location)
             s.monitor_id, s.location, s.outcome, s.reason, s.detail, CASE WHEN ${wasMade} THEN s.started_at END,
             s.scheduled_at, s.response_time_ms, s.colo
      FROM stored s JOIN monitors m ON m.id = s.monitor_id
      ORDER BY s.monitor_id, s.location, s.scheduled_at DESC
      ON CONFLICT (monitor_id, location) DO UPDATE
      SET outcome = excluded.outcome, reason = excluded.reason, detail = excluded.detail,
          last_check_at = coalesce(excluded.last_check_at, known.last_check_at), scheduled_at = excluded.scheduled_at,
          response_time_ms = excluded.response_time_ms, colo = excluded.colo
      WHERE known.scheduled_at < excluded.scheduled_at
    ), checked AS (
      INSERT INTO monitor_status AS known (monitor_id, status, last_check_at)
      SELECT s.monitor_id, 'pending', max(s.started_at)
      FROM stored s JOIN monitors m ON m.id = s.monitor_id
      WHERE ${wasMade}
      GROUP BY s.monitor_id ORDER BY s.monitor_id
      ON CONFLICT (monitor_id) DO UPDATE
      SET last_check_at = greatest(known.last_check_at, excluded.last_check_at)
    ), hours AS (
      SELECT DISTINCT monitor_id, date_trunc('hour', scheduled_at, 'UTC') AS hour FROM stored
    ), ${markHours(sql`hours`)}
    SELECT id FROM stored`);
  return new Set(rows.map((row) => row.id as string));
}

/** Members of a result without a column: facts that only some checks have, and members of newer versions. */
function factsOf(result: CheckResult): string | null {
  const {
    id: _id,
    monitorId: _monitorId,
    location: _location,
    scheduledAt: _scheduledAt,
    manual: _manual,
    startedAt: _startedAt,
    outcome: _outcome,
    reason: _reason,
    detail: _detail,
    responseTimeMs: _responseTimeMs,
    statusCode: _statusCode,
    attempts: _attempts,
    colo: _colo,
    traceId: _traceId,
    ...facts
  } = result;
  return Object.keys(facts).length === 0 ? null : JSON.stringify(facts);
}
