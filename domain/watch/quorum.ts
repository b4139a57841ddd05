import type { LocationId } from '../check/location.ts';
import { isFailure, isVote, type OutcomeKind } from '../check/result.ts';
import type { VerdictStatus } from '../check/status.ts';

/** Locations left out of a monitor's votes because nearly everything fails from there (see dark-location.ts). */
export interface Darkness {
  /** Found by the monitor's own organization. */
  readonly own: readonly LocationId[];
  /** Found by other organizations or by the operator's canaries. */
  readonly others: readonly LocationId[];
}

/** The outcomes of one round, as far as its locations have answered. */
export interface Ballot {
  /** Locations that were asked. */
  readonly asked: readonly LocationId[];
  readonly dark: Darkness;
  /** Failing locations that make the monitor down; null is the majority of the candidates. */
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
 * Candidates are the asked locations that are not dark; voters are those whose probe did not itself fail. Where others'
 * findings would leave no voter, they do not count for this round, and the locations that they name are candidates. The
 * monitor is down when as many voters fail as a strict majority of the candidates (or the quorum), so "down" and
 * "up" can never both win. Where fewer can vote, all of them must fail, and they must be half of the candidates:
 * one failing location and five broken probes say nothing certain, which is `unknown`.
 */
export function judgeBallot(ballot: Ballot): Verdict | null {
  const candidates = candidatesOf(ballot);
  const voters = candidates.filter((location) => canVote(location, ballot));
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

/** A verdict of `down` has a failing voter, so no later answer brings others' locations back into its round. */
function candidatesOf(ballot: Ballot): readonly LocationId[] {
  const { own, others } = ballot.dark;
  const notOwn = ballot.asked.filter((location) => !own.includes(location));
  const notDark = notOwn.filter((location) => !others.includes(location));
  return notDark.some((location) => canVote(location, ballot)) ? notDark : notOwn;
}

function canVote(location: LocationId, { outcomes }: Ballot): boolean {
  const outcome = outcomes.get(location);
  return outcome === undefined || isVote(outcome);
}

function neededFailures(quorum: number | null, candidates: number, voters: number): number {
  const majority = Math.floor(candidates / 2) + 1;
  const votersMin = Math.ceil(candidates / 2);
  return Math.max(1, Math.min(quorum ?? majority, Math.max(voters, votersMin)));
}
