import {
  type AlertChange,
  type AlertState,
  endAlert,
  INITIAL_ALERT_STATE,
  type Observation,
  reduceAlert,
} from '../alert/alert.ts';
import { derivedId, derivedTraceId } from '../base/id.ts';
import type { LocationId } from '../check/location.ts';
import type { OutcomeKind } from '../check/result.ts';
import type { AlertTriggeredEvent, AssignedMonitor, EdgeEvent, MonitorStatusEvent } from '../wire/wire.ts';
import { judgeRound, type Verdict } from './quorum.ts';
import { roundSummary } from './round-summary.ts';

type Status = MonitorStatusEvent['status'];
type EndCause = Exclude<AlertTriggeredEvent['cause'], 'observed'>;

/** How a monitor is, as its shard judged it last. */
export interface MonitorState {
  readonly status: Status;
  /** Slot of the round that changed it. */
  readonly statusSinceMs: number;
  /** When that was judged. */
  readonly statusAtMs: number;
  /** Slot of the newest round that was judged: an older one says nothing about now. */
  readonly judgedMs: number;
  /** By rule id. */
  readonly alerts: Readonly<Record<string, AlertState>>;
}

/** What is judged of a round, as far as its locations have answered. */
export interface JudgedRound {
  readonly slotMs: number;
  readonly traceId: string;
  readonly asked: readonly LocationId[];
  readonly outcomes: ReadonlyMap<LocationId, OutcomeKind>;
  readonly failing: ReadonlyMap<LocationId, { reason?: string | undefined; detail?: string | undefined }>;
  judged: boolean;
}

/** A new state and what has to be told about the way to it. */
export interface Judgement {
  readonly state: MonitorState;
  readonly events: readonly EdgeEvent[];
}

/** What is behind a change, for whoever is told of it. */
interface Behind {
  readonly monitorId: string;
  readonly nowMs: number;
  readonly failing: MonitorStatusEvent['failing'];
  readonly traceId: string;
}

export function initialState(nowMs: number): MonitorState {
  return { status: 'pending', statusSinceMs: nowMs, statusAtMs: nowMs, judgedMs: 0, alerts: {} };
}

/**
 * Judges a round as far as it is known: null while it is open, was judged already, or is older than what has
 * been judged (rounds overlap, and an old answer says nothing about now).
 */
export function judge(
  monitor: AssignedMonitor,
  state: MonitorState,
  round: JudgedRound,
  dark: readonly LocationId[],
  nowMs: number,
): Judgement | null {
  if (round.judged || !monitor.enabled) return null;
  const verdict = judgeRound({ asked: round.asked, dark, quorum: monitor.quorum, outcomes: round.outcomes });
  if (verdict === null) return null;
  round.judged = true;
  // A slot that is yet to come was judged before the clock was set back: it does not count.
  if (round.slotMs < state.judgedMs && state.judgedMs <= nowMs) return null;
  return observe(monitor, { ...state, judgedMs: round.slotMs }, round, verdict, nowMs);
}

function observe(
  monitor: AssignedMonitor,
  state: MonitorState,
  round: JudgedRound,
  verdict: Verdict,
  nowMs: number,
): Judgement {
  const failing = verdict.failing.map((location) => ({ location, ...round.failing.get(location) }));
  const behind: Behind = { monitorId: monitor.id, nowMs, failing, traceId: round.traceId };
  const events: EdgeEvent[] = [];
  const alerts: Record<string, AlertState> = {};
  const summary = roundSummary(round.asked.length, failing);
  for (const rule of monitor.rules) {
    const before = state.alerts[rule.id] ?? INITIAL_ALERT_STATE;
    const scheduledAtMs = observedAtMs(round, before, nowMs);
    const observation: Observation = { scheduledAtMs, status: verdict.status, failing };
    const reduced = reduceAlert(monitor.id, rule, before, observation);
    alerts[rule.id] = reduced.state;
    if (reduced.change === null) continue;
    events.push(alertEvent(reduced.change, 'observed', summary, behind));
  }
  const judged = changeStatus({ ...state, alerts }, verdict.status, round.slotMs, behind);
  return { state: judged.state, events: [...judged.events, ...events] };
}

/**
 * The round's slot, or just after what the alert knows already: the first round after a pause stands for a slot before
 * it, and an alert named by that slot again would be taken for the one that has ended.
 */
function observedAtMs(round: JudgedRound, { sinceMs }: AlertState, nowMs: number): number {
  return sinceMs > nowMs ? round.slotMs : Math.max(round.slotMs, sinceMs + 1);
}

/** The monitor was paused: every alert ends, and its status says so. */
export function pause(monitor: AssignedMonitor, state: MonitorState, nowMs: number): Judgement {
  const ended = endAlerts(monitor, state, Object.keys(state.alerts), 'paused', nowMs);
  return withStatus(ended, monitor.id, 'paused', nowMs);
}

/** The monitor is watched again: what was known before no longer counts. */
export function resume(monitor: AssignedMonitor, state: MonitorState, nowMs: number): Judgement {
  return withStatus({ state, events: [] }, monitor.id, 'pending', nowMs);
}

/**
 * Nobody looks, and nobody asked for that: what was known no longer counts, and an alert that fires is not over. What is
 * paused stays so.
 */
export function suspended(monitor: AssignedMonitor, state: MonitorState, nowMs: number): Judgement {
  if (!monitor.enabled) return { state, events: [] };
  return withStatus({ state, events: [] }, monitor.id, 'unknown', nowMs);
}

/** Ends the alerts of the given rules, because of something other than an observation. */
export function endAlerts(
  monitor: AssignedMonitor,
  state: MonitorState,
  ruleIds: readonly string[],
  cause: EndCause,
  nowMs: number,
): Judgement {
  const events: EdgeEvent[] = [];
  const alerts = { ...state.alerts };
  for (const ruleId of ruleIds) {
    const alert = alerts[ruleId];
    const rule = monitor.rules.find((candidate) => candidate.id === ruleId);
    delete alerts[ruleId];
    if (alert === undefined || rule === undefined) continue;
    const { state: ended, change } = endAlert(rule, alert, nowMs);
    // A rule that stays remembers when: see observedAtMs.
    if (cause === 'paused') alerts[ruleId] = ended;
    if (change === null) continue;
    const traceId = derivedTraceId(monitor.id, change.alertId, cause);
    const behind: Behind = { monitorId: monitor.id, nowMs, failing: [], traceId };
    events.push(alertEvent(change, cause, END_SUMMARIES[cause], behind));
  }
  return { state: { ...state, alerts }, events };
}

const END_SUMMARIES = {
  paused: 'The monitor was paused.',
  deleted: 'The monitor was deleted.',
  rule_removed: 'The alert rule was removed.',
} as const satisfies Record<EndCause, string>;

function withStatus(judgement: Judgement, monitorId: string, status: Status, nowMs: number): Judgement {
  const traceId = derivedTraceId(monitorId, status, String(nowMs));
  const changed = changeStatus(judgement.state, status, nowMs, { monitorId, nowMs, failing: [], traceId });
  return { state: changed.state, events: [...judgement.events, ...changed.events] };
}

function changeStatus(
  state: MonitorState,
  status: Status,
  sinceMs: number,
  { monitorId, nowMs, failing, traceId }: Behind,
): Judgement {
  if (status === state.status) return { state, events: [] };
  // Never the same moment twice, nor an earlier one: whoever hears of changes keeps the newest by this time.
  const atMs = Math.max(nowMs, state.statusAtMs + 1);
  const event: MonitorStatusEvent = {
    v: 1,
    kind: 'monitor.status',
    id: derivedId('evt', atMs, monitorId, state.status, status),
    monitorId,
    status,
    previous: state.status,
    scheduledAt: new Date(sinceMs).toISOString(),
    at: new Date(atMs).toISOString(),
    failing,
    traceId,
  };
  return { state: { ...state, status, statusSinceMs: sinceMs, statusAtMs: atMs }, events: [event] };
}

function alertEvent(
  change: AlertChange,
  cause: AlertTriggeredEvent['cause'],
  summary: string,
  { monitorId, nowMs, failing, traceId }: Behind,
): AlertTriggeredEvent {
  return {
    v: 1,
    kind: 'alert.triggered',
    id: derivedId('evt', change.scheduledAtMs, change.alertId, change.to),
    alertId: change.alertId,
    ruleId: change.ruleId,
    monitorId,
    to: change.to,
    severity: change.severity,
    scheduledAt: new Date(change.scheduledAtMs).toISOString(),
    at: new Date(nowMs).toISOString(),
    summary,
    cause,
    failing,
    traceId,
  };
}
