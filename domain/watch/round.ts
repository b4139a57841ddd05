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
  /** Milliseconds since the epoch: a slot of the grid, or the moment of what called for a round at once. */
  readonly slotMs: number;
  /** Asked for by a person ("check now"): its results are stored, and count neither for alerts nor for uptime. */
  readonly manual: boolean;
  /** Of everything that follows from this round. */
  readonly traceId: string;
  readonly asked: readonly LocationId[];
  readonly seen: ReadonlyMap<LocationId, Seen>;
  /** When the watch asked for it; later than the slot when the host was late. */
  readonly startedMs: number;
  /** From here on a location that has not answered will not. */
  readonly deadlineMs: number;
  /** Its verdict was told. Answers that come later are stored and change it no more. */
  readonly judged: boolean;
}

/** The way to a location and back, and what the check's own two time limits leave out. */
const ROAD_MS = 10 * SECOND_MS;
/** Waiting for room ends here, however long the interval: a result that late says little about its slot. */
const ADMISSION_MS_MAX = 5 * MINUTE_MS;

/** How long a round's checks may wait for room: half a slot. What finds no room until then is `overloaded`. */
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

/** Names a round among all rounds of a shard; the caller's key in a probe request. */
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

/** True when nothing more can come of it: everybody has answered, and what that comes to has been told. */
export function isOver(round: Round): boolean {
  return !hasOpen(round) && (round.manual || round.judged);
}

/** True when somebody could say something about the target. */
export function hasVote(round: Round): boolean {
  return [...round.seen.values()].some(({ outcome }) => isVote(outcome));
}

/** Why a round came to `unknown`: by what kept its checks from being made, or because too few locations could vote. */
export function unknownCause(round: Round): UnknownCause {
  const reasons = new Set([...round.seen.values()].map(({ outcome, reason }) => (isVote(outcome) ? 'vote' : reason)));
  if (reasons.size !== 1) return 'too_few_votes';
  const [reason] = reasons;
  if (reason === 'overloaded') return 'overloaded';
  return reason === 'missed_slot' ? 'missed' : 'too_few_votes';
}
