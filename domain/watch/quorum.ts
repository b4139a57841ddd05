import type { LocationId } from '../check/location.ts';
import { isFailure, isVote, type OutcomeKind } from '../check/result.ts';

/** The verdict of one round: what its locations together say about the target. */
export interface Round {
  /** Locations that were asked. */
  readonly asked: readonly LocationId[];
  /** Locations left out of the vote because nearly everything fails from there (see dark-location.ts). */
  readonly dark: readonly LocationId[];
  /** Failing locations that make the monitor down; null is the majority of the voters. */
  readonly quorum: number | null;
  readonly outcomes: ReadonlyMap<LocationId, OutcomeKind>;
}

export interface Verdict {
  readonly status: 'up' | 'degraded' | 'down' | 'unknown';
  readonly failing: readonly LocationId[];
  /** Failing locations that were needed for `down` in this round. */
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
export function judgeRound(round: Round): Verdict | null {
  const candidates = round.asked.filter((location) => !round.dark.includes(location));
  const voters = candidates.filter((location) => {
    const outcome = round.outcomes.get(location);
    return outcome === undefined || isVote(outcome);
  });
  const failing = voters.filter((location) => {
    const outcome = round.outcomes.get(location);
    return outcome !== undefined && isFailure(outcome);
  });
  const needed = neededFailures(round.quorum, candidates.length, voters.length);
  if (failing.length >= needed) return { status: 'down', failing, needed };

  const complete = round.asked.every((location) => round.outcomes.has(location));
  if (!complete) return null;
  if (failing.length === voters.length) return { status: 'unknown', failing, needed };
  return { status: failing.length > 0 ? 'degraded' : 'up', failing, needed };
}

function neededFailures(quorum: number | null, candidates: number, voters: number): number {
  const majority = Math.floor(candidates / 2) + 1;
  const votersMin = Math.ceil(candidates / 2);
  return Math.max(1, Math.min(quorum ?? majority, Math.max(voters, votersMin)));
}
