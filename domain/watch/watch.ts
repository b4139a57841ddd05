import { type AlertState, endAlert, INITIAL_ALERT_STATE, type Observation, reduceAlert } from '../alert/alert.ts';
import { MINUTE_MS, SECOND_MS } from '../base/duration.ts';
import { derivedTraceId } from '../base/id.ts';
import type { LocationId } from '../check/location.ts';
import { cadenceOf, slotAfter, slotAtOrBefore, slotsBetween } from '../check/schedule.ts';
import type { WatchStatus } from '../check/status.ts';
import type { AssignedMonitor, EdgeEvent, Failing, UnknownCause } from '../wire/wire.ts';
import {
  type Answer,
  alertEvent,
  type EndCause,
  endEvent,
  type Judged,
  judgedEvent,
  missedEvent,
  type NotMade,
  resultEvent,
  statusEvent,
} from './events.ts';
import { type Darkness, judgeBallot, type Verdict } from './quorum.ts';
import {
  hasOpen,
  hasVote,
  inSlotOrder,
  isOpen,
  isOver,
  newRound,
  type Round,
  unknownCause,
  withSeen,
} from './round.ts';
import { roundSummary } from './round-summary.ts';

/**
 * The watch over one monitor: its schedule, its rounds, its verdicts and its alerts, as one pure reducer. Shard objects,
 * the core and the simulation run this very code; they only carry out what it asks for and tell what it says.
 */
export interface WatchState {
  readonly status: WatchStatus;
  /** Slot of the round that changed it, or the moment of what did. */
  readonly statusSinceMs: number;
  /** When that was judged. Grows with every change. */
  readonly statusAtMs: number;
  /** Slot of the newest round in which somebody could say something about the target. */
  readonly votedMs: number;
  /** By rule id. */
  readonly alerts: Readonly<Record<string, AlertState>>;
  /** Slots at or before this are not the monitor's: it was not there, paused, or checked in another way. */
  readonly fromMs: number;
  /** The monitor as assigned now is not understood here, and so not checked. */
  readonly suspended: boolean;
  /**
   * Newest slot that a round was started for or that was written off; absent before the first. A slot is judged once,
   * also when a clock that was set back comes to it again.
   */
  readonly takenMs?: number;
  /** Rounds that were started and are not over, oldest slot first. */
  readonly rounds: readonly Round[];
}

/** Something that happened to a watch. */
export type WatchInput =
  /** Time has passed. Slots after `startedMs` have not been started yet. */
  | { readonly kind: 'tick'; readonly startedMs: number }
  /** A location's check was made. */
  | {
      readonly kind: 'answered';
      readonly round: Pick<Round, 'slotMs' | 'manual'>;
      readonly location: LocationId;
      readonly answer: Answer;
    }
  /** Checks of a round were not made, or their locations did not answer. */
  | {
      readonly kind: 'unanswered';
      readonly round: Pick<Round, 'slotMs' | 'manual'>;
      readonly locations: readonly LocationId[];
      readonly why: NotMade;
    }
  /** A person wants it checked now. */
  | { readonly kind: 'checkNow'; readonly atMs: number }
  /** It is to be watched as `next` from now on. */
  | { readonly kind: 'assigned'; readonly next: AssignedMonitor }
  /** It is to be watched in a way that this host does not understand. */
  | { readonly kind: 'notUnderstood' }
  /** The host was restarted: answers to what it had asked for will not come. */
  | { readonly kind: 'interrupted' }
  /** It is no longer to be watched. */
  | { readonly kind: 'removed' };

/** What a watch needs to know besides: when it is, and which locations are dark for its monitor. */
export interface Circumstances {
  readonly nowMs: number;
  readonly dark: Darkness;
}

/** What follows from an input. */
export interface Reduced {
  readonly state: WatchState;
  /** To be told, in this order, in one commit with the state. */
  readonly events: readonly EdgeEvent[];
  /** Rounds to be asked of their locations now. */
  readonly ask: readonly Round[];
}

/** A gap in the schedule is told slot by slot, but not for ever back: more would only bury the shard in bookkeeping. */
export const MISSED_SLOTS_MAX = 100;
/** Clocks are set by seconds, after a suspended machine by minutes. */
const SET_BACK_MS_MAX = 10 * MINUTE_MS;
const NEVER_STARTED = 'the shard was not awake when this check was due';
const INTERRUPTED = 'the shard was restarted while this check was running';
const NO_ANSWER = 'the location did not answer before the deadline of its round';

/** A monitor that is new here. Its first round stands for the slot that has begun. */
export function beginWatch(assigned: AssignedMonitor, { nowMs }: Pick<Circumstances, 'nowMs'>): Reduced {
  const state: WatchState = {
    status: 'pending',
    statusSinceMs: nowMs,
    statusAtMs: nowMs,
    votedMs: nowMs,
    alerts: {},
    fromMs: nowMs,
    suspended: false,
    rounds: [],
  };
  if (!assigned.enabled) return pause(assigned, state, nowMs);
  return started(assigned, state, slotAtOrBefore(cadenceOf(assigned), nowMs), nowMs);
}

/** The watch's next state, what is to be told and what is to be asked. Deterministic; never throws. */
export function reduceWatch(
  assigned: AssignedMonitor,
  state: WatchState,
  input: WatchInput,
  circumstances: Circumstances,
): Reduced {
  const { nowMs } = circumstances;
  switch (input.kind) {
    case 'tick':
      return tick(assigned, state, input.startedMs, circumstances);
    case 'answered':
      return answered(assigned, state, input, circumstances);
    case 'unanswered':
      return unanswered(assigned, state, input, circumstances);
    case 'checkNow':
      return checkNow(assigned, state, input.atMs, nowMs);
    case 'assigned':
      return reassign(assigned, state, input.next, nowMs);
    case 'notUnderstood':
      return suspend(assigned, state, nowMs);
    case 'interrupted':
      return interrupt(assigned, state, circumstances);
    case 'removed':
      return ended(assigned, state, Object.keys(state.alerts), 'deleted', nowMs);
  }
}

/** When the watch wants its next tick; null when nothing is scheduled. Slots after `startedMs` are still to be started. */
export function nextTickMs(
  assigned: AssignedMonitor,
  state: WatchState,
  startedMs: number,
  nowMs: number,
): number | null {
  // A round that is complete waits for an older one, whose deadline may be the later one after a clock was set back.
  const deadlines = state.rounds.filter(hasOpen).map((round) => round.deadlineMs);
  if (isWatched(assigned, state)) {
    const afterMs = startedUntil(state.fromMs, Math.min(startedMs, nowMs), nowMs);
    deadlines.push(slotAfter(cadenceOf(assigned), afterMs));
  }
  return deadlines.length === 0 ? null : Math.min(...deadlines);
}

/* ---- time ------------------------------------------------------------------------------------------------- */

/** Ends rounds whose time is over, starts the newest slot that is due, and tells of those that nobody started. */
function tick(assigned: AssignedMonitor, state: WatchState, startedMs: number, circumstances: Circumstances): Reduced {
  const { nowMs } = circumstances;
  const expired = state.rounds.some((round) => round.deadlineMs <= nowMs);
  const waited = expired ? giveUp(assigned, state, circumstances) : unchanged(state);
  if (!isWatched(assigned, state)) return waited;
  const afterMs = startedUntil(state.fromMs, startedMs, nowMs);
  const slots = slotsBetween(cadenceOf(assigned), afterMs, nowMs, MISSED_SLOTS_MAX + 1);
  const newest = slots.pop();
  if (newest === undefined) return waited;
  let reduced = waited;
  for (const slotMs of slots) {
    reduced = then(reduced, (before) => missed(assigned, before, slotMs, circumstances));
  }
  return then(reduced, (before) => started(assigned, before, newest, nowMs));
}

/** A monitor that was assigned while the clock was ahead is not held back by that once the clock is set right. */
function startedUntil(fromMs: number, startedMs: number, nowMs: number): number {
  return fromMs > nowMs ? startedMs : Math.max(startedMs, fromMs);
}

function started(assigned: AssignedMonitor, state: WatchState, slotMs: number, nowMs: number): Reduced {
  if (state.rounds.some((round) => !round.manual && round.slotMs === slotMs)) return unchanged(state);
  const round = newRound(assigned, untakenFrom(state, slotMs, nowMs), false, nowMs);
  const begun = { ...state, takenMs: round.slotMs, rounds: inSlotOrder([...state.rounds, round]) };
  return { state: begun, events: [], ask: [round] };
}

/**
 * The slot, or the first moment after all that have had their rounds: after a clock was set back, what is seen anew
 * stands after what was judged, stored and told before. A clock that was ahead by hours was wrong: then the slots are
 * judged again, and of two verdicts on one slot the core keeps the first.
 */
function untakenFrom({ takenMs = Number.NEGATIVE_INFINITY }: WatchState, slotMs: number, nowMs: number): number {
  return takenMs - nowMs > SET_BACK_MS_MAX ? slotMs : Math.max(slotMs, takenMs + 1);
}

/** A slot that nobody started is told like a round in which no check was made. */
function missed(assigned: AssignedMonitor, state: WatchState, slotMs: number, circumstances: Circumstances): Reduced {
  if (untakenFrom(state, slotMs, circumstances.nowMs) > slotMs) return unchanged(state);
  const round = newRound(assigned, slotMs, false, circumstances.nowMs);
  const begun = { ...state, takenMs: slotMs, rounds: inSlotOrder([...state.rounds, round]) };
  return closed(assigned, begun, round, { reason: 'missed_slot', detail: NEVER_STARTED }, circumstances);
}

function giveUp(assigned: AssignedMonitor, state: WatchState, circumstances: Circumstances): Reduced {
  let reduced = unchanged(state);
  for (const round of state.rounds.filter(({ deadlineMs }) => deadlineMs <= circumstances.nowMs)) {
    const why = { reason: 'location_unavailable', detail: NO_ANSWER } as const;
    reduced = then(reduced, (before) => closed(assigned, before, round, why, circumstances));
  }
  return reduced;
}

/** Whatever is still open of a round will not be answered. */
function closed(
  assigned: AssignedMonitor,
  state: WatchState,
  round: Round,
  why: NotMade,
  circumstances: Circumstances,
): Reduced {
  return unanswered(assigned, state, { round, locations: round.asked, why }, circumstances);
}

/** After a restart: what was not answered is missed, what was is judged. */
function interrupt(assigned: AssignedMonitor, state: WatchState, circumstances: Circumstances): Reduced {
  let reduced = unchanged(state);
  for (const name of state.rounds) {
    reduced = then(reduced, (before) => interruptRound(assigned, before, name, circumstances));
  }
  // A round that had all its answers may have waited for an older one only.
  return then(reduced, (before) => settle(assigned, before, circumstances));
}

/** The end of an older round may have judged this one: it is looked up as it is now. */
function interruptRound(
  assigned: AssignedMonitor,
  state: WatchState,
  name: Pick<Round, 'slotMs' | 'manual'>,
  circumstances: Circumstances,
): Reduced {
  const round = roundOf(state, name);
  if (round === undefined) return unchanged(state);
  const unheard = !hasVote(round) && !round.judged && !round.manual;
  const rest = unheard ? withdrawn(assigned, state, [round], 'interrupted', circumstances) : unchanged(state);
  const why = { reason: 'missed_slot', detail: INTERRUPTED } as const;
  return then(rest, (before) => closed(assigned, before, round, why, circumstances));
}

/** The check beside the schedule. */
function checkNow(assigned: AssignedMonitor, state: WatchState, atMs: number, nowMs: number): Reduced {
  if (state.suspended) return unchanged(state);
  if (state.rounds.some((round) => round.manual && round.slotMs === atMs)) return unchanged(state);
  const round = newRound(assigned, atMs, true, nowMs);
  return { state: { ...state, rounds: inSlotOrder([...state.rounds, round]) }, events: [], ask: [round] };
}

/* ---- answers and verdicts --------------------------------------------------------------------------------- */

function answered(
  assigned: AssignedMonitor,
  state: WatchState,
  { round: name, location, answer }: Omit<Extract<WatchInput, { kind: 'answered' }>, 'kind'>,
  circumstances: Circumstances,
): Reduced {
  const round = roundOf(state, name);
  if (round === undefined || !isOpen(round, location)) return unchanged(state);
  const event = resultEvent(assigned.id, round, location, answer);
  const { outcome, reason, detail } = event.result;
  return heard(assigned, state, withSeen(round, [location], { outcome, reason, detail }), event, circumstances);
}

function unanswered(
  assigned: AssignedMonitor,
  state: WatchState,
  { round: name, locations, why }: Omit<Extract<WatchInput, { kind: 'unanswered' }>, 'kind'>,
  circumstances: Circumstances,
): Reduced {
  const round = roundOf(state, name);
  const open = round === undefined ? [] : locations.filter((location) => isOpen(round, location));
  if (round === undefined || open.length === 0) return unchanged(state);
  const event = missedEvent(assigned.id, round, open, why);
  return heard(assigned, state, withSeen(round, open, { outcome: 'error', ...why }), event, circumstances);
}

/** `round` is as it is with what `event` tells of it. */
function heard(
  assigned: AssignedMonitor,
  state: WatchState,
  round: Round,
  event: EdgeEvent,
  circumstances: Circumstances,
): Reduced {
  const told = { state: { ...state, rounds: replaced(state.rounds, round) }, events: [event], ask: [] };
  return then(told, (before) => settle(assigned, before, circumstances));
}

function roundOf(state: WatchState, { slotMs, manual }: Pick<Round, 'slotMs' | 'manual'>): Round | undefined {
  return state.rounds.find((one) => one.slotMs === slotMs && one.manual === manual);
}

/**
 * Judges what can be judged, in the order of slots: a round that is still open holds back younger ones, until its own
 * deadline. So a failure that comes late is told before the recovery that came early.
 */
function settle(assigned: AssignedMonitor, state: WatchState, circumstances: Circumstances): Reduced {
  let reduced = unchanged(state);
  for (const round of state.rounds) {
    if (round.manual || round.judged) continue;
    const verdict = verdictOf(assigned, round, circumstances.dark);
    if (verdict === null) break;
    reduced = then(reduced, (before) => judged(assigned, before, round, verdict, circumstances));
  }
  const rounds = reduced.state.rounds.filter((round) => !isOver(round));
  return { ...reduced, state: { ...reduced.state, rounds } };
}

function verdictOf(assigned: AssignedMonitor, round: Round, dark: Darkness): Verdict | null {
  const outcomes = new Map([...round.seen].map(([location, { outcome }]) => [location, outcome]));
  return judgeBallot({ asked: round.asked, dark, quorum: assigned.quorum, outcomes });
}

function judged(
  assigned: AssignedMonitor,
  state: WatchState,
  round: Round,
  { status, failing, excluded }: Verdict,
  circumstances: Circumstances,
): Reduced {
  const { nowMs } = circumstances;
  const told: Judged = {
    status,
    excluded,
    failing: failing.map((location) => failingAt(round, location)),
    ...(status === 'unknown' ? { cause: unknownCause(round) } : {}),
  };
  const marked = { ...state, rounds: replaced(state.rounds, { ...round, judged: true }) };
  const event = judgedEvent(assigned, round, told, nowMs);
  return then({ state: marked, events: [event], ask: [] }, (before) =>
    hasVote(round) || told.cause === 'too_few_votes'
      ? observe(assigned, before, round, told, nowMs)
      : notice(assigned, before, round, nowMs),
  );
}

function failingAt(round: Round, location: LocationId): Failing[number] {
  const seen = round.seen.get(location);
  return {
    location,
    ...(seen?.reason === undefined ? {} : { reason: seen.reason }),
    ...(seen?.detail === undefined ? {} : { detail: seen.detail }),
  };
}

/** Rounds that are not judged for what they saw, because it is not about the monitor as it is now. */
function withdrawn(
  assigned: AssignedMonitor,
  state: WatchState,
  rounds: readonly Round[],
  cause: UnknownCause,
  { nowMs }: Pick<Circumstances, 'nowMs'>,
): Reduced {
  const open = rounds.filter((round) => !round.manual && !round.judged);
  const events = open.map((round) =>
    judgedEvent(assigned, round, { status: 'unknown', failing: [], excluded: [], cause }, nowMs),
  );
  const next = open.reduce((all, round) => replaced(all, { ...round, judged: true }), state.rounds);
  return { state: { ...state, rounds: next.filter((round) => !isOver(round)) }, events, ask: [] };
}

/** A verdict is an observation: of the monitor's status, and of each of its rules. */
function observe(assigned: AssignedMonitor, state: WatchState, round: Round, verdict: Judged, nowMs: number): Reduced {
  if (!isWatched(assigned, state)) return unchanged(state);
  const behind = { monitorId: assigned.id, nowMs, failing: verdict.failing, traceId: round.traceId };
  const events: EdgeEvent[] = [];
  const alerts: Record<string, AlertState> = {};
  const summary = roundSummary(round.asked.length, verdict.failing);
  for (const rule of assigned.rules) {
    const before = state.alerts[rule.id] ?? INITIAL_ALERT_STATE;
    const observation: Observation = { scheduledAtMs: observedAtMs(round, before, nowMs), status: verdict.status };
    const reduced = reduceAlert(assigned.id, rule, before, observation);
    alerts[rule.id] = reduced.state;
    if (reduced.change !== null) events.push(alertEvent(reduced.change, 'observed', summary, behind));
  }
  const votedMs = hasVote(round) ? round.slotMs : state.votedMs;
  const changed = withStatus({ ...state, alerts, votedMs }, verdict.status, round.slotMs, behind);
  return { ...changed, events: [...changed.events, ...events] };
}

/**
 * The round's slot, or just after what the alert knows already: an alert named by the slot of the one that has ended
 * would be taken for it. A clock that was set back is followed.
 */
function observedAtMs(round: Round, { sinceMs }: AlertState, nowMs: number): number {
  return sinceMs > nowMs ? round.slotMs : Math.max(round.slotMs, sinceMs + 1);
}

/** Nobody was asked: that says nothing about the target, until it has lasted too long to go on claiming a status. */
function notice(assigned: AssignedMonitor, state: WatchState, round: Round, nowMs: number): Reduced {
  if (!isWatched(assigned, state) || state.status === 'pending') return unchanged(state);
  if (round.slotMs - state.votedMs <= blindMsMax(assigned)) return unchanged(state);
  const behind = { monitorId: assigned.id, nowMs, failing: [], traceId: round.traceId };
  return withStatus(state, 'unknown', round.slotMs, behind);
}

/** Three rounds, and a minute for what is on its way: the same as the core waits for results. */
export function blindMsMax({ intervalSeconds }: Pick<AssignedMonitor, 'intervalSeconds'>): number {
  return 3 * intervalSeconds * SECOND_MS + MINUTE_MS;
}

function withStatus(
  state: WatchState,
  status: WatchStatus,
  sinceMs: number,
  behind: Parameters<typeof statusEvent>[3],
): Reduced {
  if (status === state.status) return unchanged(state);
  // Never the same moment twice, nor an earlier one: whoever hears of changes keeps the newest by this time.
  const atMs = Math.max(behind.nowMs, state.statusAtMs + 1);
  const event = statusEvent({ status, previous: state.status }, sinceMs, atMs, behind);
  return { state: { ...state, status, statusSinceMs: sinceMs, statusAtMs: atMs }, events: [event], ask: [] };
}

/* ---- assignments ------------------------------------------------------------------------------------------ */

/** What a new assignment means follows from its difference to the one before. */
function reassign(before: AssignedMonitor, state: WatchState, next: AssignedMonitor, nowMs: number): Reduced {
  const handed = { ...state, alerts: handOver(before, next, state.alerts) };
  const kept = ended(before, handed, rulesOnlyIn(before, next), 'rule_removed', nowMs);
  if (!next.enabled) {
    // One that was suspended is not paused yet, though it is not checked either.
    return then(kept, (now) =>
      now.status === 'paused' ? unchanged({ ...now, suspended: false }) : pause(next, now, nowMs),
    );
  }
  const wasWatched = isWatched(before, state);
  if (wasWatched && isCheckedAlike(before, next)) return kept;
  const open = then(kept, (now) => withdrawn(before, now, now.rounds, 'changed', { nowMs }));
  const resumed = wasWatched ? open : then(open, (now) => resume(next, now, nowMs));
  // The slot that has begun may have had its round already, so the one that is due now stands for this moment.
  return then(resumed, (now) => started(next, { ...now, fromMs: nowMs }, nowMs, nowMs));
}

/** True when a round of the one says the same about the target as a round of the other. */
function isCheckedAlike(one: AssignedMonitor, other: AssignedMonitor): boolean {
  return JSON.stringify(wayOfChecking(one)) === JSON.stringify(wayOfChecking(other));
}

function wayOfChecking({ type, config, timeoutMs, intervalSeconds, locations }: AssignedMonitor) {
  return [type, config, timeoutMs, intervalSeconds, locations.toSorted()];
}

function pause(assigned: AssignedMonitor, state: WatchState, nowMs: number): Reduced {
  const open = withdrawn(assigned, { ...state, suspended: false }, state.rounds, 'paused', { nowMs });
  const silent = then(open, (now) => ended(assigned, now, Object.keys(now.alerts), 'paused', nowMs));
  return then(silent, (now) => turned(assigned, now, 'paused', nowMs));
}

/** The monitor is watched again: what was known before no longer counts. */
function resume(assigned: AssignedMonitor, state: WatchState, nowMs: number): Reduced {
  return turned(assigned, { ...state, suspended: false, votedMs: nowMs }, 'pending', nowMs);
}

/** Nobody looks, and nobody asked for that: what was known no longer counts, and an alert that fires is not over. */
function suspend(assigned: AssignedMonitor, state: WatchState, nowMs: number): Reduced {
  const open = withdrawn(assigned, { ...state, suspended: true }, state.rounds, 'changed', { nowMs });
  return assigned.enabled ? then(open, (now) => turned(assigned, now, 'unknown', nowMs)) : open;
}

/** A change of status that no round is behind. */
function turned(assigned: AssignedMonitor, state: WatchState, status: WatchStatus, nowMs: number): Reduced {
  const traceId = derivedTraceId(assigned.id, status, String(nowMs));
  return withStatus(state, status, nowMs, { monitorId: assigned.id, nowMs, failing: [], traceId });
}

/** Ends the alerts of the given rules, because of something other than an observation. */
function ended(
  assigned: AssignedMonitor,
  state: WatchState,
  ruleIds: readonly string[],
  cause: EndCause,
  nowMs: number,
): Reduced {
  const events: EdgeEvent[] = [];
  const alerts = { ...state.alerts };
  for (const ruleId of ruleIds) {
    const alert = alerts[ruleId];
    const rule = assigned.rules.find((candidate) => candidate.id === ruleId);
    delete alerts[ruleId];
    if (alert === undefined || rule === undefined) continue;
    const { state: over, change } = endAlert(rule, alert, nowMs);
    // A rule that stays remembers when: see observedAtMs.
    if (cause === 'paused') alerts[ruleId] = over;
    if (change !== null) events.push(endEvent(assigned.id, change, cause, nowMs));
  }
  return { state: { ...state, alerts }, events, ask: [] };
}

/**
 * A rule that takes another's place takes over its alert too: the cause is the same, so nobody is told of an end
 * and of a new beginning.
 */
function handOver(before: AssignedMonitor, after: AssignedMonitor, alerts: WatchState['alerts']): WatchState['alerts'] {
  const handed = { ...alerts };
  const fresh = rulesOnlyIn(after, before);
  for (const gone of rulesOnlyIn(before, after)) {
    const alert = handed[gone];
    if (alert === undefined || alert.alertId === null) continue;
    const heir = fresh.shift();
    if (heir === undefined) break;
    handed[heir] = alert;
    delete handed[gone];
  }
  return handed;
}

function rulesOnlyIn(one: AssignedMonitor, other: AssignedMonitor): string[] {
  return one.rules.map((rule) => rule.id).filter((id) => !other.rules.some((rule) => rule.id === id));
}

/* ---- small change ----------------------------------------------------------------------------------------- */

function isWatched(assigned: AssignedMonitor, state: WatchState): boolean {
  return assigned.enabled && !state.suspended;
}

function unchanged(state: WatchState): Reduced {
  return { state, events: [], ask: [] };
}

/** One step after another. */
function then(first: Reduced, next: (state: WatchState) => Reduced): Reduced {
  const second = next(first.state);
  return {
    state: second.state,
    events: second.events.length === 0 ? first.events : [...first.events, ...second.events],
    ask: second.ask.length === 0 ? first.ask : [...first.ask, ...second.ask],
  };
}

function replaced(rounds: readonly Round[], round: Round): readonly Round[] {
  return rounds.map((one) => (one.slotMs === round.slotMs && one.manual === round.manual ? round : one));
}
