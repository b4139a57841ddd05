import type { LocationId } from '../check/location.ts';
import { isFailure, isVote, type OutcomeKind } from '../check/result.ts';

/**
 * A dark location is not an outage: when nearly everything fails from one place and the same targets answer
 * from elsewhere, the place is at fault. Its outcomes are then left out of verdicts and operators are told.
 */

/** Fewer monitors than this are not evidence about a location. */
export const DARK_MONITORS_MIN = 5;
/** "Nearly everything fails from there." */
export const DARK_FAILING_SHARE_MIN = 0.9;
/** Above this share the same targets fail elsewhere too: they are down, the location is not dark. */
export const DARK_FAILING_ELSEWHERE_SHARE_MAX = 0.5;

/** The newest outcome of one monitor at each of its locations. */
export type MonitorOutcomes = ReadonlyMap<LocationId, OutcomeKind>;

/** The dark locations, sorted; never all that were observed, for that is an outage. */
export function darkLocations(monitors: Iterable<MonitorOutcomes>): LocationId[] {
  const observed = new Map<LocationId, Evidence>();
  for (const outcomes of monitors) gather(observed, outcomes);
  const dark = [...observed].filter(([, evidence]) => isDark(evidence)).map(([location]) => location);
  return dark.length === observed.size ? [] : dark.sort();
}

interface Evidence {
  /** Monitors with a vote from here, and those of them that fail here. */
  seen: number;
  failing: number;
  /** Of the monitors seen here: those with a vote from elsewhere, and those that mostly fail there. */
  comparable: number;
  failingElsewhere: number;
}

function gather(observed: Map<LocationId, Evidence>, outcomes: MonitorOutcomes): void {
  const votes = [...outcomes].filter(([, outcome]) => isVote(outcome));
  const failures = votes.filter(([, outcome]) => isFailure(outcome)).length;
  for (const [location, outcome] of votes) {
    const evidence = observed.get(location) ?? { seen: 0, failing: 0, comparable: 0, failingElsewhere: 0 };
    const failsHere = isFailure(outcome) ? 1 : 0;
    const others = votes.length - 1;
    evidence.seen += 1;
    evidence.failing += failsHere;
    if (others > 0) {
      evidence.comparable += 1;
      if ((failures - failsHere) * 2 > others) evidence.failingElsewhere += 1;
    }
    observed.set(location, evidence);
  }
}

function isDark(evidence: Evidence): boolean {
  return (
    evidence.seen >= DARK_MONITORS_MIN &&
    evidence.failing >= evidence.seen * DARK_FAILING_SHARE_MIN &&
    evidence.comparable >= DARK_MONITORS_MIN &&
    evidence.failingElsewhere <= evidence.comparable * DARK_FAILING_ELSEWHERE_SHARE_MAX
  );
}
