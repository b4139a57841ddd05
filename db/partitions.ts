import type { Sql } from 'postgres';

/**
 * Tables with a partition for each ISO week (UTC, from Monday) of `scheduled_at`. Partitions are created ahead of time
 * by `LIKE` + `ATTACH`, which takes no lock that blocks readers or writers of the parent.
 */
const TABLES = ['check_results', 'rounds'] as const;
type Table = (typeof TABLES)[number];

const WEEK_MS = 7 * 24 * 60 * 60 * 1000;
/** Monday 1970-01-05, the first whole ISO week of the epoch. */
const FIRST_MONDAY_MS = 4 * 24 * 60 * 60 * 1000;
/** Advisory lock that serialises the creation of partitions across processes. The number is arbitrary. */
const PARTITION_LOCK = 7_205_202_601;
const NAME_PATTERN = /_(\d{4})w(\d{2})$/;

export interface Week {
  /** `2026w47` */
  readonly name: string;
  readonly from: Date;
  /** Exclusive. */
  readonly to: Date;
}

export interface Partition {
  readonly table: Table;
  readonly week: Week;
  /** `check_results_2026w47` */
  readonly name: string;
}

/** The ISO 8601 week (Monday 00:00 UTC to the next) that holds an instant. */
export function weekOf(at: Date): Week {
  const from = new Date(Math.floor((at.getTime() - FIRST_MONDAY_MS) / WEEK_MS) * WEEK_MS + FIRST_MONDAY_MS);
  // ISO 8601: a week belongs to the year of its Thursday.
  const thursday = new Date(from.getTime() + 3 * 24 * 60 * 60 * 1000);
  const year = thursday.getUTCFullYear();
  const number = 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / WEEK_MS);
  const name = `${year}w${String(number).padStart(2, '0')}`;
  return { name, from, to: new Date(from.getTime() + WEEK_MS) };
}

/** Creates the partitions of last week, this week and `weeksAhead` more. Idempotent, and safe in several processes. */
export async function ensurePartitions(sql: Sql, now: Date, weeksAhead: number): Promise<void> {
  const weeks: Week[] = [];
  for (let offset = -1; offset <= weeksAhead; offset++) {
    weeks.push(weekOf(new Date(now.getTime() + offset * WEEK_MS)));
  }
  await createPartitions(sql, weeks);
}

/** Creates the missing partitions of these weeks, all of them or none. */
export async function createPartitions(sql: Sql, weeks: readonly Week[]): Promise<void> {
  const missing = await missingOf(sql, weeks);
  if (missing.length === 0) return;
  await sql.begin(async (tx) => {
    await tx`SELECT pg_advisory_xact_lock(${PARTITION_LOCK})`;
    // The missing ones are read again under the lock, because another process may have created them meanwhile.
    for (const { table, week, name } of await missingOf(tx as unknown as Sql, weeks)) {
      await tx`CREATE TABLE ${tx(name)} (LIKE ${tx(table)} INCLUDING ALL)`;
      // DDL takes no parameters. Both bounds are ISO timestamps of our own.
      const bounds = `FROM ('${week.from.toISOString()}') TO ('${week.to.toISOString()}')`;
      await tx`ALTER TABLE ${tx(table)} ATTACH PARTITION ${tx(name)} FOR VALUES ${tx.unsafe(bounds)}`;
    }
  });
}

/** All partitions, oldest first. */
export async function listPartitions(sql: Sql): Promise<Partition[]> {
  const rows = await sql<{ table: Table; name: string }[]>`
    SELECT parent.relname AS table, child.relname AS name
    FROM pg_inherits i JOIN pg_class child ON child.oid = i.inhrelid JOIN pg_class parent ON parent.oid = i.inhparent
    WHERE i.inhparent IN (${sql.unsafe(TABLES.map((table) => `'${table}'::regclass`).join(', '))})
    ORDER BY 1`;
  return rows
    .flatMap(({ table, name }) => {
      const week = weekNamed(name);
      return week === null ? [] : [{ table, week, name }];
    })
    .sort((a, b) => a.week.from.getTime() - b.week.from.getTime());
}

/**
 * Drops the partitions that end at or before `before`; returns their names. `DETACH CONCURRENTLY` waits for running
 * queries instead of blocking new ones. It cannot run in a transaction, so a crash may leave a partition half detached:
 * FINALIZE completes that first.
 */
export async function dropPartitions(sql: Sql, before: Date): Promise<string[]> {
  const dropped: string[] = [];
  const connection = await sql.reserve();
  try {
    // DETACH CONCURRENTLY runs outside transactions, so the lock that admits one process at a time is the session's.
    const [lock] = await connection<{ held: boolean }[]>`SELECT pg_try_advisory_lock(${PARTITION_LOCK + 1}) AS held`;
    if (lock?.held !== true) return dropped;
    try {
      for (const partition of await listPartitions(connection)) {
        if (partition.week.to.getTime() > before.getTime()) continue;
        await detach(connection, partition);
        await connection`DROP TABLE ${connection(partition.name)}`;
        dropped.push(partition.name);
      }
    } finally {
      await connection`SELECT pg_advisory_unlock(${PARTITION_LOCK + 1})`;
    }
  } finally {
    connection.release();
  }
  return dropped;
}

async function detach(sql: Sql, { table, name }: Partition): Promise<void> {
  const [row] = await sql<{ pending: boolean }[]>`
    SELECT i.inhdetachpending AS pending FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = ${table}::regclass AND c.relname = ${name}`;
  const how = row?.pending === true ? 'FINALIZE' : 'CONCURRENTLY';
  await sql`ALTER TABLE ${sql(table)} DETACH PARTITION ${sql(name)} ${sql.unsafe(how)}`;
}

async function missingOf(sql: Sql, weeks: readonly Week[]): Promise<Partition[]> {
  const present = new Set((await listPartitions(sql)).map(({ name }) => name));
  return TABLES.flatMap((table) => weeks.map((week) => ({ table, week, name: `${table}_${week.name}` }))).filter(
    ({ name }) => !present.has(name),
  );
}

function weekNamed(name: string): Week | null {
  const match = NAME_PATTERN.exec(name);
  if (match === null) return null;
  // ISO 8601: 4 January is always in week 1.
  const first = weekOf(new Date(Date.UTC(Number(match[1]), 0, 4)));
  return weekOf(new Date(first.from.getTime() + (Number(match[2]) - 1) * WEEK_MS));
}
