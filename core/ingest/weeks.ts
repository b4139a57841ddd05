import type { Sql } from 'postgres';
import { createPartitions, type Week, weekOf } from '#db/partitions.ts';

/** Results are kept for 90 days; an edge that was away longer than this brings back what would be dropped at once. */
const OLDEST_MS = 84 * 24 * 60 * 60 * 1000;
/** A slot in the future is a broken clock, except by a little. */
const NEWEST_MS = 60 * 60 * 1000;

/** Partitions that results need, made when they are missing: an insert without one would fail its whole batch. */
export class Weeks {
  readonly #sql: Sql;
  readonly #made = new Set<string>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** True when results of this time are taken at all. */
  takes(scheduledAt: Date, now: Date): boolean {
    const age = now.getTime() - scheduledAt.getTime();
    return age <= OLDEST_MS && age >= -NEWEST_MS;
  }

  async ensure(times: Iterable<Date>): Promise<void> {
    const needed = new Map<string, Week>();
    for (const time of times) {
      const week = weekOf(time);
      if (!this.#made.has(week.name)) needed.set(week.name, week);
    }
    if (needed.size === 0) return;
    await createPartitions(this.#sql, [...needed.values()]);
    for (const name of needed.keys()) this.#made.add(name);
  }
}
