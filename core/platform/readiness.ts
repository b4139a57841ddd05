import type { Sql } from 'postgres';
import { databaseFault } from './database-fault.ts';

/** `full` and `read_only`: it answers, and stores nothing. */
export type DependencyState = 'ok' | 'unavailable' | 'full' | 'read_only';

export interface Readiness {
  readonly state: DependencyState;
  /** What is wrong, as one sentence; null when nothing is. */
  readonly reason: string | null;
}

/** A dependency without an answer within this time counts as unavailable. */
const CHECK_TIMEOUT_MS = 2_000;
/** Anybody may ask, so an answer serves all who ask within this time. */
const ANSWER_KEPT_MS = 1_000;
/**
 * Rows that PostgreSQL writes to a temporary file to find out whether its disk takes them: about 300 KB. A row in a
 * table would show less, because a full disk still takes rows into pages that exist.
 */
const PROBE_ROWS = 10_000;

const STATES = {
  storage_full: 'full',
  storage_read_only: 'read_only',
  database_unavailable: 'unavailable',
} as const;

const READY: Readiness = { state: 'ok', reason: null };

/**
 * Repeats `check` for whoever asks, at most one at a time: a dependency that hangs is not asked again before its last
 * answer has come or failed.
 */
export function readinessOf(check: () => Promise<void>, clock = () => performance.now()): () => Promise<Readiness> {
  let last: { readonly readiness: Readiness; readonly atMs: number } | null = null;
  let running: Promise<Readiness> | null = null;
  const run = async () => {
    const readiness = await check().then(() => READY, failed);
    last = { readiness, atMs: clock() };
    running = null;
    return readiness;
  };
  return async () => {
    if (last !== null && clock() - last.atMs < ANSWER_KEPT_MS) return last.readiness;
    running ??= run();
    return withinTime(running);
  };
}

/** Throws what keeps the database from being read or written. */
export async function requireWritable(sql: Sql): Promise<void> {
  const [row] = await sql.begin(async (tx) => {
    await tx`SET LOCAL work_mem = '64kB'`;
    return tx<{ readOnly: boolean }[]>`
      SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS "readOnly"
      FROM (SELECT count(*) FROM generate_series(1, ${PROBE_ROWS}::int)) AS written`;
  });
  if (row?.readOnly === true) throw Object.assign(new Error('the database is read-only'), { code: '25006' });
}

function failed(error: unknown): Readiness {
  const fault = databaseFault(error);
  return fault === null
    ? { state: 'unavailable', reason: 'It does not answer as it should; the log has the reason.' }
    : { state: STATES[fault.code], reason: fault.detail };
}

async function withinTime(running: Promise<Readiness>): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Readiness>((resolve) => {
    const reason = `No answer within ${CHECK_TIMEOUT_MS / 1000} s.`;
    timer = setTimeout(() => resolve({ state: 'unavailable', reason }), CHECK_TIMEOUT_MS);
  });
  try {
    return await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}
