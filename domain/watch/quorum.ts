import type { LocationId } from '../check/location.ts';
import { isFailure, isVote, type OutcomeKind } from '../check/result.ts';
import type { VerdictStatus } from '../check/status.ts';

/** What the locations of one round say, as far as they have answered. */
export interface Ballot {
  /** Locations that were asked. */
  readonly asked: readonly LocationId[];
  /** Locations left out of the vote because nearly everything fails from there (see dark-location.ts). */
  readonly dark: readonly LocationId[];
  /** Failing locations that make the monitor down; null is the majority of the voters. */
  readonly quorum: number | null;
  readonly outcomes: ReadonlyMap<LocationId, OutcomeKind>;
}

export interface Verdict {
  readonly status: VerdictStatus;
  readonly failing: readonly LocationId[];
  /** Locations that were asked and have no vote: dark ones, and those whose probe itself failed. */
  readonly excluded: readonly LocationId[];
  /** Failing locations that were needed for `down` in this ballot. */
  readonly needed: number;
}

/**
 * Judges a round, or returns null while it is still open. `down` is decided as soon as no later answer can
 * change it; everything else waits for the last location, so a slow location cannot hide a failing one.
 *
 * Candidates are the asked locations that are not dark; voters are those whose probe did not itself fail. The
 * monitor is down when as many voters fail as a strict majority of the candidates (or the quorum), so "down" and
 * "up" can never both win. Where fewer can vote, all of them must fail, and they must be half of the candidates:
 * one failing location and five broken probes say nothing certain, which is `unknown`.
 */
export function judgeBallot(ballot: Ballot): Verdict | null {
  const candidates = ballot.asked.filter((location) => !ballot.dark.includes(location));
  const voters = candidates.filter((location) => {
    const outcome = ballot.outcomes.get(location);
    return outcome === undefined || isVote(outcome);
  });
  const failing = voters.filter((location) => {
    const outcome = ballot.outcomes.get(location);
    return outcome !== undefined && isFailure(outcome);
  });
  const excluded = ballot.asked.filter((location) => !voters.includes(location));
  const needed = neededFailures(ballot.quorum, candidates.length, voters.length);
  if (failing.length >= needed) return { status: 'down', failing, excluded, needed };

  const complete = ballot.asked.every((location) => ballot.outcomes.has(location));
  if (!complete) return null;
  if (failing.length === voters.length) return { status: 'unknown', failing, excluded, needed };
  return { status: failing.length > 0 ? 'degraded' : 'up', failing, excluded, needed };
}

function neededFailures(quorum: number | null, candidates: number, voters: number): number {
  const majority = Math.floor(candidates / 2) + 1;
  const votersMin = Math.ceil(candidates / 2);
  return Math.max(1, Math.min(quorum ?? majority, Math.max(voters, votersMin)));
}
