import type { Monitor } from '#domain/api/monitor-answers.ts';
import { LOCATION_IDS, type LocationId } from '#domain/check/location.ts';
import type { CheckResult } from '#domain/check/result.ts';

/** Results grouped by round: those of all locations in one slot; pure. */

export interface Round {
  readonly key: string;
  readonly scheduledAt: string;
  /** Requested by "Check now" instead of the schedule. */
  readonly manual: boolean;
  readonly results: ReadonlyMap<LocationId, CheckResult>;
}

/**
 * The rounds of a list of results, in its order (newest slot first). If older results are to follow, the oldest slot
 * may be incomplete and is left out, so that no location seems to lack a result.
 */
export function roundsOf(results: readonly CheckResult[], olderToCome: boolean): Round[] {
  const groups = Map.groupBy(results, (result) => `${result.scheduledAt}${result.manual ? ' manual' : ''}`);
  const rounds = [...groups].flatMap(([key, group]) => {
    const [first] = group;
    if (first === undefined) return [];
    const { scheduledAt, manual } = first;
    return [{ key, scheduledAt, manual, results: new Map(group.map((result) => [result.location, result])) }];
  });
  const oldest = rounds.at(-1)?.scheduledAt;
  const whole = rounds.filter(({ scheduledAt }) => scheduledAt !== oldest);
  return olderToCome && whole.length > 0 ? whole : rounds;
}

/** One column per location that the monitor has now or that has a result in these rounds, in the usual order. */
export function columnsOf(
  monitor: Pick<Monitor, 'locations'>,
  rounds: readonly Round[],
  filter: LocationId | undefined,
): LocationId[] {
  if (filter !== undefined) return [filter];
  const asked = new Set(monitor.locations.map(({ id }) => id));
  return LOCATION_IDS.filter((id) => asked.has(id) || rounds.some(({ results }) => results.has(id)));
}
