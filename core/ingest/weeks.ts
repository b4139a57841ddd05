import type { Sql } from 'postgres';
import { createPartitions, type Week, weekOf } from '#db/partitions.ts';

/** Results are kept for 90 days. Older ones from a long outage would be dropped soon after they are stored. */
const OLDEST_MS = 84 * 24 * 60 * 60 * 1000;
/** Tolerated clock difference: a slot further in the future comes from a wrong clock. */
const NEWEST_MS = 60 * 60 * 1000;

/** The partitions of results, created when missing: an insert without one would fail its whole batch. */
export class Weeks {
  readonly #sql: Sql;
  readonly #made = new Set<string>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** True when results of this time are accepted. */
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
