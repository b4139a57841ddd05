import postgres, { type Sql } from 'postgres';
import type { Clock } from '#core/context.ts';
import type { Random } from './random.ts';

/** An hour that ends soon, of a day that ends within some seeds' reach. */
const BEGIN_MS = Date.parse('2026-03-01T21:47:10.000Z');

/** One time for all: the edge's, the core's by its clock, and PostgreSQL's by a now() of its own. */
export class SimulatedTime {
  readonly #sql: Sql;
  nowMs = BEGIN_MS;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The database's time is that of whoever moved it last: the seed before, in a database that is used again. */
  async begin(): Promise<void> {
    await this.advance(0);
  }

  async advance(ms: number): Promise<void> {
    this.nowMs += ms;
    await this.#sql`UPDATE simulation.clock SET at = ${new Date(this.nowMs)}`;
  }

  /** A process's clock; machines do not agree to the millisecond. */
  clock(random: Random, skewMs = 0): Clock {
    return { now: () => new Date(this.nowMs + skewMs), random: (bytes) => random.bytes(bytes) };
  }
}

/** Gives an empty database a now() that stands still until it is moved. Sessions begun afterwards find it first. */
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
