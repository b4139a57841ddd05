import { MINUTE_MS, SECOND_MS } from '../base/duration.ts';
import type { LocationId } from '../check/location.ts';
import { isVote, type OutcomeKind, roundTraceId } from '../check/result.ts';
import type { AssignedMonitor, UnknownCause } from '../wire/wire.ts';

/** What one location has seen in a round. */
export interface Seen {
  readonly outcome: OutcomeKind;
  readonly reason?: string | undefined;
  readonly detail?: string | undefined;
}

/** One slot of one monitor from its start until its last location has answered. */
export interface Round {
  /** Milliseconds since the epoch: a slot of the grid, or the time of the change that made an extra round necessary. */
  readonly slotMs: number;
  /** A person asked for the round ("check now"). Its results are stored, and count neither for alerts nor for uptime. */
  readonly manual: boolean;
  /** The trace id of this round and of everything that follows from it. */
  readonly traceId: string;
  readonly asked: readonly LocationId[];
  readonly seen: ReadonlyMap<LocationId, Seen>;
  /** When the watch asked for the round; later than the slot when the host was late. */
  readonly startedMs: number;
  /** A location that has not answered by now counts as unanswered. */
  readonly deadlineMs: number;
  /** The verdict was reported. Later answers are stored and do not change it. */
  readonly judged: boolean;
}

/** Time for the way to a location and back, beside the time limits of the check itself. */
const ROAD_MS = 10 * SECOND_MS;
/** The longest wait for room, however long the interval. A later result would say little about its slot. */
const ADMISSION_MS_MAX = 5 * MINUTE_MS;

/** How long a round's checks may wait for room: half an interval. Checks that find no room in time are `overloaded`. */
export function admissionMs({ intervalSeconds }: { readonly intervalSeconds: number }): number {
  return Math.min(ADMISSION_MS_MAX, (intervalSeconds * SECOND_MS) / 2);
}

export function newRound(monitor: AssignedMonitor, slotMs: number, manual: boolean, nowMs: number): Round {
  return {
    slotMs,
    manual,
    traceId: roundTraceId(monitor.id, slotMs, manual),
    asked: monitor.locations,
    seen: new Map(),
    startedMs: nowMs,
    // A failing check is repeated at once with the same time limit.
    deadlineMs: nowMs + admissionMs(monitor) + 2 * monitor.timeoutMs + ROAD_MS,
    judged: false,
  };
}

/** Oldest slot first. */
export function inSlotOrder(rounds: readonly Round[]): readonly Round[] {
  return rounds.toSorted((one, other) => one.slotMs - other.slotMs);
}

/** The name of a round among all rounds of a shard. It is the caller's key in a probe request. */
export function roundKey(monitorId: string, { slotMs, manual }: Pick<Round, 'slotMs' | 'manual'>): string {
  return `${monitorId}:${slotMs}:${manual ? 'manual' : 'grid'}`;
}

export function withSeen(round: Round, locations: readonly LocationId[], seen: Seen): Round {
  return { ...round, seen: new Map([...round.seen, ...locations.map((location) => [location, seen] as const)]) };
}

/** True for a location that was asked and has not answered. */
export function isOpen(round: Round, location: LocationId): boolean {
  return round.asked.includes(location) && !round.seen.has(location);
}

/** True while a location that was asked has not answered. */
export function hasOpen(round: Round): boolean {
  return round.seen.size < round.asked.length;
}

/** True when every location has answered and the verdict, if the round has one, was reported. */
export function isOver(round: Round): boolean {
  return !hasOpen(round) && (round.manual || round.judged);
}

/** True when at least one location has an outcome that says something about the target. */
export function hasVote(round: Round): boolean {
  return [...round.seen.values()].some(({ outcome }) => isVote(outcome));
}

/** The cause of an `unknown` verdict: why no check was made, or that too few locations could vote. */
export function unknownCause(round: Round): UnknownCause {
  const reasons = new Set([...round.seen.values()].map(({ outcome, reason }) => (isVote(outcome) ? 'vote' : reason)));
  if (reasons.size !== 1) return 'too_few_votes';
  const [reason] = reasons;
  if (reason === 'overloaded') return 'overloaded';
  return reason === 'missed_slot' ? 'missed' : 'too_few_votes';
}
