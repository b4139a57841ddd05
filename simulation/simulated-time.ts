import postgres, { type Sql } from 'postgres';
import type { Clock } from '#core/context.ts';
import type { Random } from './random.ts';

/** Shortly before the end of an hour, and two hours before the end of a day, so that some seeds cross both. */
const BEGIN_MS = Date.parse('2026-03-01T21:47:10.000Z');

/** The simulated time of all parts: of the edge, of the core's clock, and of PostgreSQL's now(). */
export class SimulatedTime {
  readonly #sql: Sql;
  nowMs = BEGIN_MS;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Sets the database's time back to the beginning: the database may have been used by another seed before. */
  async begin(): Promise<void> {
    await this.advance(0);
  }

  async advance(ms: number): Promise<void> {
    this.nowMs += ms;
    await this.#sql`UPDATE simulation.clock SET at = ${new Date(this.nowMs)}`;
  }

  /** The clock of one process, off by `skewMs` from the simulated time. */
  clock(random: Random, skewMs = 0): Clock {
    return { now: () => new Date(this.nowMs + skewMs), random: (bytes) => random.bytes(bytes) };
  }
}

/** Gives an empty database a now() that returns the simulated time. It applies to sessions that begin afterwards. */
export async function simulateTimeIn(databaseUrl: string): Promise<void> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    await sql`CREATE SCHEMA simulation`;
    await sql`CREATE TABLE simulation.clock AS SELECT ${new Date(BEGIN_MS)}::timestamptz AS at`;
    await sql`
      CREATE FUNCTION simulation.now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT at FROM simulation.clock'`;
    const database = new URL(databaseUrl).pathname.slice(1);
    await sql`ALTER DATABASE ${sql(database)} SET search_path = public, simulation, pg_catalog`;
  } finally {
    await sql.end();
  }
}
