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
 * The watch over one monitor: its schedule, rounds, verdicts and alerts as one pure reducer. Its hosts are the shard
 * object and the simulation. A host makes the checks that the reducer asks for and sends the events that it returns.
 */
export interface WatchState {
  readonly status: WatchStatus;
  /** Slot of the round that changed the status, or the time of the change of the monitor that did. */
  readonly statusSinceMs: number;
  /** When the status changed. Each change has a later time than the one before, whatever the clock says. */
  readonly statusAtMs: number;
  /** Slot of the newest round in which at least one location could vote. */
  readonly votedMs: number;
  /** The state of each rule's alert, by rule id. */
  readonly alerts: Readonly<Record<string, AlertState>>;
  /** No round is due for slots up to this one: the monitor did not exist, was paused, or was checked in another way. */
  readonly fromMs: number;
  /** The host does not understand the newest assignment of the monitor, so the monitor is not checked. */
  readonly suspended: boolean;
  /**
   * Newest slot for which a round was started or reported as missed; absent before the first. It keeps a clock that was
   * set back from judging a slot twice.
   */
  readonly takenMs?: number;
  /** Rounds that were started and have not ended, oldest slot first. */
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
  /** A person asks for a check now. */
  | { readonly kind: 'checkNow'; readonly atMs: number }
  /** The monitor has a new assignment. */
  | { readonly kind: 'assigned'; readonly next: AssignedMonitor }
  /** The monitor has a new assignment that this host does not understand. */
  | { readonly kind: 'notUnderstood' }
  /** The host was restarted. Checks that were under way will not be answered. */
  | { readonly kind: 'interrupted' }
  /** The monitor no longer belongs to this host. */
  | { readonly kind: 'removed' };

/** What the reducer needs beside state and input: the time, and the locations that are dark for the monitor. */
export interface Circumstances {
  readonly nowMs: number;
  readonly dark: Darkness;
}

/** What an input leads to. */
export interface Reduced {
  readonly state: WatchState;
  /** Events for the core, in this order. The host commits them together with the state. */
  readonly events: readonly EdgeEvent[];
  /** Rounds whose checks are to be made now. */
  readonly ask: readonly Round[];
}

/** Most missed slots that are reported for one gap. After a week without its host a monitor would have thousands. */
export const MISSED_SLOTS_MAX = 100;
/** Most that a clock is set back in operation: seconds, or minutes after a suspended machine. More was an error. */
const SET_BACK_MS_MAX = 10 * MINUTE_MS;
const NEVER_STARTED = 'the shard was not awake when this check was due';
const INTERRUPTED = 'the shard was restarted while this check was running';
const NO_ANSWER = 'the location did not answer before the deadline of its round';

/** The watch of a monitor that is new to this host. Its first round has the newest past slot. */
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

/** The watch's next state, the events to send and the rounds to start. Deterministic; never throws. */
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

/** When the watch needs its next tick; null when nothing is scheduled. Slots up to `startedMs` were started. */
export function nextTickMs(
  assigned: AssignedMonitor,
  state: WatchState,
  startedMs: number,
  nowMs: number,
): number | null {
  // A complete round that waits for an older one needs no tick: after a clock was set back its deadline may be the earlier one.
  const deadlines = state.rounds.filter(hasOpen).map((round) => round.deadlineMs);
  if (isWatched(assigned, state)) {
    const afterMs = startedUntil(state.fromMs, Math.min(startedMs, nowMs), nowMs);
    deadlines.push(slotAfter(cadenceOf(assigned), afterMs));
  }
  return deadlines.length === 0 ? null : Math.min(...deadlines);
}

/* ---- time ------------------------------------------------------------------------------------------------- */

/** Ends rounds past their deadline, reports slots that were missed, and starts the newest slot that is due. */
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

/** A start that lies in the future was noted while the clock was ahead. It does not hold back a clock that is right. */
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
 * The time that names a new round: its slot, or just after the newest slot that has had its round. The second is needed
 * after a clock was set back, so that no slot is judged twice. A clock that was ahead by more than ten minutes was wrong:
 * its slots are judged again, and the core keeps the first of two verdicts on one slot.
 */
function untakenFrom({ takenMs = Number.NEGATIVE_INFINITY }: WatchState, slotMs: number, nowMs: number): number {
  return takenMs - nowMs > SET_BACK_MS_MAX ? slotMs : Math.max(slotMs, takenMs + 1);
}

/** A slot that was not started is reported like a round in which no check was made. */
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

/** Ends a round: its locations that have not answered are reported as unanswered. */
function closed(
  assigned: AssignedMonitor,
  state: WatchState,
  round: Round,
  why: NotMade,
  circumstances: Circumstances,
): Reduced {
  return unanswered(assigned, state, { round, locations: round.asked, why }, circumstances);
}

/** Ends the open rounds after a restart of the host. A round with a vote is judged by it, another one is `unknown`. */
function interrupt(assigned: AssignedMonitor, state: WatchState, circumstances: Circumstances): Reduced {
  let reduced = unchanged(state);
  for (const name of state.rounds) {
    reduced = then(reduced, (before) => interruptRound(assigned, before, name, circumstances));
  }
  // A round with all its answers may have waited for an older one.
  return then(reduced, (before) => settle(assigned, before, circumstances));
}

/** Looks the round up again, because the end of an older round may have judged it meanwhile. */
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

/** A round beside the schedule. */
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

/** Takes over a round with its new outcomes, which `event` reports. */
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
 * Judges the rounds that can be judged, in the order of their slots. An open round holds back younger ones until its
 * deadline, so that a late failure is reported before an early recovery.
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

/** Ends rounds with `unknown`, because their results are not about the monitor as it is now. */
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

/** Applies a verdict to the monitor's status and to each of its rules. */
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
 * The time of an observation for an alert: the round's slot, or just after the alert's last change. An alert is named by
 * this time, so a new one must not have the time of the one before. A clock that was set back is followed.
 */
function observedAtMs(round: Round, { sinceMs }: AlertState, nowMs: number): number {
  return sinceMs > nowMs ? round.slotMs : Math.max(round.slotMs, sinceMs + 1);
}

/** A round without a vote changes no status, unless the last vote is older than blindMsMax. */
function notice(assigned: AssignedMonitor, state: WatchState, round: Round, nowMs: number): Reduced {
  if (!isWatched(assigned, state) || state.status === 'pending') return unchanged(state);
  if (round.slotMs - state.votedMs <= blindMsMax(assigned)) return unchanged(state);
  const behind = { monitorId: assigned.id, nowMs, failing: [], traceId: round.traceId };
  return withStatus(state, 'unknown', round.slotMs, behind);
}

/** Three intervals and a minute: as long as the core waits for results before it calls a monitor `unknown`. */
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
  // Receivers keep the change with the newest time, so each change has a later one than the change before.
  const atMs = Math.max(behind.nowMs, state.statusAtMs + 1);
  const event = statusEvent({ status, previous: state.status }, sinceMs, atMs, behind);
  return { state: { ...state, status, statusSinceMs: sinceMs, statusAtMs: atMs }, events: [event], ask: [] };
}

/* ---- assignments ------------------------------------------------------------------------------------------ */

/** Applies the difference between two assignments of the monitor. */
function reassign(before: AssignedMonitor, state: WatchState, next: AssignedMonitor, nowMs: number): Reduced {
  const handed = { ...state, alerts: handOver(before, next, state.alerts) };
  const kept = ended(before, handed, rulesOnlyIn(before, next), 'rule_removed', nowMs);
  if (!next.enabled) {
    // A suspended monitor that is paused has yet to be reported as paused.
    return then(kept, (now) =>
      now.status === 'paused' ? unchanged({ ...now, suspended: false }) : pause(next, now, nowMs),
    );
  }
  const wasWatched = isWatched(before, state);
  if (wasWatched && isCheckedAlike(before, next)) return kept;
  const open = then(kept, (now) => withdrawn(before, now, now.rounds, 'changed', { nowMs }));
  const resumed = wasWatched ? open : then(open, (now) => resume(next, now, nowMs));
  // The newest past slot may have had its round already, so this round is named by the time of the change.
  return then(resumed, (now) => started(next, { ...now, fromMs: nowMs }, nowMs, nowMs));
}

/** True when both assignments are checked in the same way, so that open rounds stay valid. */
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

/** The monitor is watched again, and `pending` until its first verdict. */
function resume(assigned: AssignedMonitor, state: WatchState, nowMs: number): Reduced {
  return turned(assigned, { ...state, suspended: false, votedMs: nowMs }, 'pending', nowMs);
}

/** The monitor cannot be checked here: it is `unknown`, and its alerts stay as they are. */
function suspend(assigned: AssignedMonitor, state: WatchState, nowMs: number): Reduced {
  const open = withdrawn(assigned, { ...state, suspended: true }, state.rounds, 'changed', { nowMs });
  return assigned.enabled ? then(open, (now) => turned(assigned, now, 'unknown', nowMs)) : open;
}

/** A change of status that does not come from a round. */
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
    // The rule stays, and its next alert needs the time of this end: see observedAtMs.
    if (cause === 'paused') alerts[ruleId] = over;
    if (change !== null) events.push(endEvent(assigned.id, change, cause, nowMs));
  }
  return { state: { ...state, alerts }, events, ask: [] };
}

/**
 * A new rule that replaces a rule with a firing alert takes over the alert. The cause is the same, so no end and no new
 * beginning are reported.
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

/** Runs a second step on the state of the first, and joins what both have to report. */
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
