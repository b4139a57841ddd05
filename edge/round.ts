import { LOCATION_IDS, type LocationId } from '#domain/check/location.ts';
import { checkSpecOf } from '#domain/check/monitor.ts';
import { isFailure, type OutcomeKind, resultId, roundTraceId } from '#domain/check/result.ts';
import { cadenceOf, slotAfter, slotsBetween } from '#domain/check/schedule.ts';
import {
  type AssignedMonitor,
  type CheckCompletedEvent,
  PROBE_BATCH_MAX,
  type ProbeRequest,
} from '#domain/wire/wire.ts';

/** One slot of one monitor while its locations answer. Lives in memory; its outline lives in the tick's row. */
export interface Round {
  readonly key: string;
  readonly monitor: AssignedMonitor;
  readonly slotMs: number;
  readonly manual: boolean;
  readonly traceId: string;
  readonly asked: readonly LocationId[];
  readonly outcomes: Map<LocationId, OutcomeKind>;
  readonly failing: Map<LocationId, { reason?: string | undefined; detail?: string | undefined }>;
  judged: boolean;
}

/** The rounds that one alarm (or one order) started together, persisted as one row until all have answered. */
export interface Tick {
  readonly id: number;
  readonly rounds: readonly Round[];
}

/** What the schedule needs to know of a monitor. */
interface Scheduled {
  readonly assigned: AssignedMonitor;
  /** Slots at or before this are not the monitor's: it was not there, paused, or on another cadence. */
  readonly fromMs: number;
}

/** A round that an eviction or a lost alarm swallowed is told to the core, but not for ever back. */
export const MISSED_SLOTS_MAX = 100;

export function roundKey(monitorId: string, slotMs: number, manual: boolean): string {
  return `${monitorId}:${slotMs}:${manual ? 'manual' : 'grid'}`;
}

export function newRound(monitor: AssignedMonitor, slotMs: number, manual: boolean): Round {
  return {
    key: roundKey(monitor.id, slotMs, manual),
    monitor,
    slotMs,
    manual,
    traceId: roundTraceId(monitor.id, slotMs, manual),
    asked: monitor.locations,
    outcomes: new Map(),
    failing: new Map(),
    judged: false,
  };
}

export function openLocations(round: Round): LocationId[] {
  return round.asked.filter((location) => !round.outcomes.has(location));
}

/** Enters what one location came to. */
export function noteOutcome(round: Round, { result }: CheckCompletedEvent): void {
  round.outcomes.set(result.location, result.outcome);
  if (isFailure(result.outcome)) {
    round.failing.set(result.location, { reason: result.reason, detail: result.detail });
  }
}

export function checkId(round: Round, location: LocationId): string {
  return resultId(round.monitor.id, location, round.slotMs, round.manual);
}

/**
 * What falls due after `cursorMs` up to `nowMs`: per monitor the newest slot is started, older ones that no
 * alarm came for are missed.
 */
export function dueSlots(
  monitors: Iterable<Scheduled>,
  cursorMs: number,
  nowMs: number,
): { due: { monitor: AssignedMonitor; slotMs: number }[]; missed: { monitor: AssignedMonitor; slotMs: number }[] } {
  const due: { monitor: AssignedMonitor; slotMs: number }[] = [];
  const missed: { monitor: AssignedMonitor; slotMs: number }[] = [];
  for (const { assigned, fromMs } of monitors) {
    if (!assigned.enabled) continue;
    const afterMs = startedUntil(fromMs, cursorMs, nowMs);
    const slots = slotsBetween(cadenceOf(assigned), afterMs, nowMs, MISSED_SLOTS_MAX + 1);
    const newest = slots.pop();
    if (newest !== undefined) due.push({ monitor: assigned, slotMs: newest });
    for (const slotMs of slots) missed.push({ monitor: assigned, slotMs });
  }
  return { due, missed };
}

/**
 * When the next slot of any monitor that was not started yet falls due, which may be in the past; null when nothing is
 * scheduled.
 */
export function nextSlot(monitors: Iterable<Scheduled>, cursorMs: number, nowMs: number): number | null {
  let next: number | null = null;
  for (const { assigned, fromMs } of monitors) {
    if (!assigned.enabled) continue;
    const slot = slotAfter(cadenceOf(assigned), startedUntil(fromMs, Math.min(cursorMs, nowMs), nowMs));
    if (next === null || slot < next) next = slot;
  }
  return next;
}

/** A monitor that was assigned while the clock was ahead is not held back by that once the clock is set right. */
function startedUntil(fromMs: number, cursorMs: number, nowMs: number): number {
  return fromMs > nowMs ? cursorMs : Math.max(cursorMs, fromMs);
}

/** One request to one location's probe Worker. */
export interface Batch {
  readonly location: LocationId;
  readonly rounds: readonly Round[];
}

export function batchesOf(rounds: readonly Round[]): Batch[] {
  return LOCATION_IDS.flatMap((location) => {
    const asked = rounds.filter((round) => round.asked.includes(location));
    const batches: Batch[] = [];
    for (let start = 0; start < asked.length; start += PROBE_BATCH_MAX) {
      batches.push({ location, rounds: asked.slice(start, start + PROBE_BATCH_MAX) });
    }
    return batches;
  });
}

export function checksOf(rounds: readonly Round[]): ProbeRequest['checks'] {
  return rounds.map(({ key, monitor, traceId }) => ({
    key,
    timeoutMs: monitor.timeoutMs,
    traceId,
    confirm: true,
    transcript: false,
    ...checkSpecOf(monitor),
  }));
}

/* ---- a tick as it is stored ----------------------------------------------------------------------------- */

const NOT_ASKED = '-';
const OPEN = '.';
const OUTCOME_LETTERS = { success: 's', failure: 'f', timeout: 't', error: 'e' } as const satisfies Record<
  OutcomeKind,
  string
>;
const LETTER_OUTCOMES = new Map<string, OutcomeKind>(
  Object.entries(OUTCOME_LETTERS).map(([outcome, letter]) => [letter, outcome as OutcomeKind]),
);

type StoredRound = [id: string, slotMs: number, manual: 0 | 1, letters: string, judged: 0 | 1];

/** Rounds that still wait for someone, one letter per location; null when none does. */
export function encodeTick(rounds: readonly Round[]): string | null {
  const open = rounds.filter((round) => round.outcomes.size < round.asked.length);
  if (open.length === 0) return null;
  return JSON.stringify(
    open.map((round) => {
      const { monitor, slotMs, manual, judged } = round;
      return [monitor.id, slotMs, manual ? 1 : 0, lettersOf(round), judged ? 1 : 0] satisfies StoredRound;
    }),
  );
}

/** The rounds of a stored tick, as far as their monitors are still here. */
export function decodeTick(text: string, monitorOf: (id: string) => AssignedMonitor | undefined): Round[] {
  const stored = JSON.parse(text) as StoredRound[];
  return stored.flatMap(([id, slotMs, manual, letters, judged]) => {
    const monitor = monitorOf(id);
    if (monitor === undefined) return [];
    const asked = LOCATION_IDS.filter((_, index) => letters[index] !== NOT_ASKED);
    const round: Round = { ...newRound(monitor, slotMs, manual === 1), asked, judged: judged === 1 };
    for (const [index, location] of LOCATION_IDS.entries()) {
      const outcome = LETTER_OUTCOMES.get(letters[index] ?? NOT_ASKED);
      if (outcome === undefined) continue;
      round.outcomes.set(location, outcome);
      if (isFailure(outcome)) round.failing.set(location, {});
    }
    return [round];
  });
}

function lettersOf(round: Round): string {
  return LOCATION_IDS.map((location) => {
    if (!round.asked.includes(location)) return NOT_ASKED;
    const outcome = round.outcomes.get(location);
    return outcome === undefined ? OPEN : OUTCOME_LETTERS[outcome];
  }).join('');
}
