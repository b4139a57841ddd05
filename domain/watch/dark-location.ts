import { MINUTE_MS } from '../base/duration.ts';
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
const DARK_FAILING_ELSEWHERE_SHARE_MAX = 0.5;
/** An outcome older than this says nothing about a location now. */
export const EVIDENCE_MS_MAX = 2 * MINUTE_MS;

/** What a location came to for one monitor, and when that was heard (milliseconds since the epoch). */
export interface Evidence {
  readonly outcome: OutcomeKind;
  readonly atMs: number;
}

/** The newest outcome of one monitor at each of its locations. */
export type MonitorEvidence = ReadonlyMap<LocationId, Evidence>;

/** True for an outcome that still says something about its location: a vote that is fresh. */
export function isEvidence({ outcome, atMs }: Evidence, nowMs: number): boolean {
  return isVote(outcome) && nowMs - atMs <= EVIDENCE_MS_MAX;
}

/** The dark locations, sorted; never all that were observed, for that is an outage. */
export function darkLocations(monitors: Iterable<MonitorEvidence>, nowMs: number): LocationId[] {
  const observed = new Map<LocationId, Tally>();
  for (const evidence of monitors) count(observed, evidence, nowMs);
  const dark = [...observed].filter(([, tally]) => isDark(tally)).map(([location]) => location);
  return dark.length === observed.size ? [] : dark.sort();
}

interface Tally {
  /** Monitors with a vote from here, and those of them that fail here. */
  seen: number;
  failing: number;
  /** Of the monitors seen here: those with a vote from elsewhere, and those that mostly fail there. */
  comparable: number;
  failingElsewhere: number;
}

function count(observed: Map<LocationId, Tally>, evidence: MonitorEvidence, nowMs: number): void {
  const votes = [...evidence].filter(([, one]) => isEvidence(one, nowMs));
  const failures = votes.filter(([, { outcome }]) => isFailure(outcome)).length;
  for (const [location, { outcome }] of votes) {
    const tally = observed.get(location) ?? { seen: 0, failing: 0, comparable: 0, failingElsewhere: 0 };
    const failsHere = isFailure(outcome) ? 1 : 0;
    const others = votes.length - 1;
    tally.seen += 1;
    tally.failing += failsHere;
    if (others > 0) {
      tally.comparable += 1;
      if ((failures - failsHere) * 2 > others) tally.failingElsewhere += 1;
    }
    observed.set(location, tally);
  }
}

function isDark(tally: Tally): boolean {
  return (
    tally.seen >= DARK_MONITORS_MIN &&
    tally.failing >= tally.seen * DARK_FAILING_SHARE_MIN &&
    tally.comparable >= DARK_MONITORS_MIN &&
    tally.failingElsewhere <= tally.comparable * DARK_FAILING_ELSEWHERE_SHARE_MAX
  );
}
