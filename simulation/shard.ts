import {
  type AlertChange,
  type AlertState,
  endAlert,
  INITIAL_ALERT_STATE,
  type Observation,
  reduceAlert,
} from '#domain/alert/alert.ts';
import { derivedId, derivedTraceId } from '#domain/base/id.ts';
import type { LocationId } from '#domain/check/location.ts';
import { isFailure, isVote, resultId, roundTraceId } from '#domain/check/result.ts';
import { slotAfter, slotAtOrBefore, slotsBetween } from '#domain/check/schedule.ts';
import { judgeRound } from '#domain/watch/quorum.ts';
import { roundSummary } from '#domain/watch/round-summary.ts';
import type {
  AlertTriggeredEvent,
  AssignedMonitor,
  Assignment,
  CheckCompletedEvent,
  EdgeEvent,
  MonitorStatusEvent,
  RoundJudgedEvent,
} from '#domain/wire/wire.ts';
import type { Answer, Targets } from './targets.ts';

type Status = MonitorStatusEvent['status'];
type EndCause = Exclude<AlertTriggeredEvent['cause'], 'observed'>;

/** One monitor as its shard sees it. */
export interface WatchedMonitor {
  readonly assigned: AssignedMonitor;
  /** Slots at or before this are not the monitor's. */
  readonly fromMs: number;
  status: Status;
  /** When the status was judged. */
  statusAtMs: number;
  /** Slot of the newest round that was judged. */
  judgedMs: number;
  alerts: Record<string, AlertState>;
}

interface Round {
  readonly monitorId: string;
  readonly slotMs: number;
  readonly manual: boolean;
  readonly asked: readonly LocationId[];
  readonly told: Map<LocationId, CheckCompletedEvent['result']>;
  judged: boolean;
}

interface Arrival {
  readonly atMs: number;
  readonly round: Round;
  readonly location: LocationId;
  readonly answer: Answer;
}

/** A shard that was away tells this many slots of each monitor as missed, like the real one. */
const MISSED_SLOTS_MAX = 100;
const INTERRUPTED: Answer = { outcome: 'error', reason: 'missed_slot', responseTimeMs: null, afterMs: 0 };

/**
 * The edge's half of the road, as far as the core can see it: schedules and judges by domain/ as edge/monitor-shard.ts
 * does, and keeps its events in order until they are acknowledged.
 */
export class SimulatedShard {
  readonly monitors = new Map<string, WatchedMonitor>();
  /** Everything ever told, in order. */
  readonly told: EdgeEvent[] = [];
  /** How much of it the core has acknowledged. */
  acknowledged = 0;
  version = 0;
  readonly #targets: Targets;
  #cursorMs: number;
  #arrivals: Arrival[] = [];

  constructor(targets: Targets, nowMs: number) {
    this.#targets = targets;
    this.#cursorMs = nowMs;
  }

  get waiting(): readonly EdgeEvent[] {
    return this.told.slice(this.acknowledged);
  }

  /* ---- time ---------------------------------------------------------------------------------------------- */

  /** Starts what falls due and takes in what is answered until `nowMs`, each at its moment. */
  runUntil(nowMs: number): void {
    for (;;) {
      const slotMs = this.#nextSlot();
      const [arrival] = this.#arrivals;
      if (arrival !== undefined && arrival.atMs <= Math.min(slotMs, nowMs)) {
        this.#arrivals.shift();
        this.#take(arrival);
      } else if (slotMs <= nowMs) {
        for (const { assigned } of this.#due(slotMs)) this.#start(assigned, slotMs, slotMs, false);
        this.#cursorMs = slotMs;
      } else {
        this.#cursorMs = Math.max(this.#cursorMs, nowMs);
        return;
      }
    }
  }

  /** After an eviction: checks under way are lost, slots that nobody started are missed, the newest begins. */
  wakeUp(nowMs: number): void {
    const interrupted = [...new Set(this.#arrivals.map((arrival) => arrival.round))];
    this.#arrivals = [];
    for (const round of interrupted) {
      for (const location of round.asked) {
        if (!round.told.has(location)) this.#tellResult(round, location, INTERRUPTED, round.slotMs);
      }
      if ([...round.told.values()].some((result) => isVote(result.outcome))) this.#judge(round, nowMs);
      else if (!round.judged) this.#tellVerdict(round, { status: 'unknown', cause: 'interrupted', failing: [], nowMs });
    }
    for (const { assigned, fromMs } of this.monitors.values()) {
      if (!assigned.enabled) continue;
      const afterMs = Math.max(this.#cursorMs, fromMs);
      const slots = slotsBetween(cadenceOf(assigned), afterMs, nowMs, MISSED_SLOTS_MAX + 1);
      const newest = slots.pop();
      for (const slotMs of slots) {
        const round = newRound(assigned, slotMs, false);
        for (const location of round.asked) this.#tellResult(round, location, INTERRUPTED, slotMs);
        this.#tellVerdict(round, { status: 'unknown', cause: 'missed', failing: [], nowMs });
      }
      if (newest !== undefined) this.#start(assigned, newest, nowMs, false);
    }
    this.#cursorMs = Math.max(this.#cursorMs, nowMs);
  }

  checkNow(monitorId: string, nowMs: number): void {
    const monitor = this.monitors.get(monitorId);
    if (monitor !== undefined) this.#start(monitor.assigned, nowMs, nowMs, true);
  }

  #nextSlot(): number {
    const slots = [...this.monitors.values()]
      .filter(({ assigned }) => assigned.enabled)
      .map(({ assigned, fromMs }) => slotAfter(cadenceOf(assigned), Math.max(this.#cursorMs, fromMs)));
    return Math.min(Number.POSITIVE_INFINITY, ...slots);
  }

  #due(slotMs: number): WatchedMonitor[] {
    return [...this.monitors.values()].filter(
      ({ assigned, fromMs }) =>
        assigned.enabled && fromMs < slotMs && slotAtOrBefore(cadenceOf(assigned), slotMs) === slotMs,
    );
  }

  #start(assigned: AssignedMonitor, slotMs: number, nowMs: number, manual: boolean): void {
    const underWay = ({ round }: Arrival) =>
      round.monitorId === assigned.id && round.slotMs === slotMs && round.manual === manual;
    if (this.#arrivals.some(underWay)) return;
    const round = newRound(assigned, slotMs, manual);
    for (const [location, answer] of this.#targets.round(assigned.id, round.asked)) {
      this.#arrivals.push({ atMs: nowMs + answer.afterMs, round, location, answer });
    }
    this.#arrivals.sort((one, other) => one.atMs - other.atMs);
  }

  #take({ atMs, round, location, answer }: Arrival): void {
    this.#tellResult(round, location, answer, atMs - answer.afterMs);
    this.#judge(round, atMs);
  }

  #tellResult(round: Round, location: LocationId, answer: Answer, startedAtMs: number): void {
    const { monitorId, slotMs, manual } = round;
    const { afterMs: _ours, ...outcome } = answer;
    const result = {
      id: resultId(monitorId, location, slotMs, manual),
      monitorId,
      location,
      colo: null,
      scheduledAt: new Date(slotMs).toISOString(),
      startedAt: new Date(startedAtMs).toISOString(),
      attempts: answer === INTERRUPTED ? 0 : 1,
      manual,
      traceId: roundTraceId(monitorId, slotMs, manual),
      ...outcome,
    };
    round.told.set(location, result);
    if (this.monitors.has(monitorId)) this.told.push({ v: 1, kind: 'check.completed', result });
  }

  /* ---- judgement ----------------------------------------------------------------------------------------- */

  #judge(round: Round, nowMs: number): void {
    const monitor = this.monitors.get(round.monitorId);
    if (monitor === undefined || !monitor.assigned.enabled || round.judged) return;
    const outcomes = new Map([...round.told].map(([location, result]) => [location, result.outcome]));
    const verdict = judgeRound({ asked: round.asked, dark: [], quorum: monitor.assigned.quorum, outcomes });
    if (verdict === null) return;
    round.judged = true;
    const failing = [...round.told.values()]
      .filter((result) => verdict.failing.includes(result.location) && isFailure(result.outcome))
      .map(({ location, reason, detail }) => ({ location, reason, detail }));
    this.#tellVerdict(round, { status: verdict.status, failing, nowMs });
    if (round.slotMs < monitor.judgedMs) return;
    monitor.judgedMs = round.slotMs;
    const summary = roundSummary(round.asked.length, failing);
    const traceId = roundTraceId(round.monitorId, round.slotMs, round.manual);
    const observation: Observation = { scheduledAtMs: round.slotMs, status: verdict.status, failing };
    const alerts: AlertTriggeredEvent[] = [];
    for (const rule of monitor.assigned.rules) {
      const before = monitor.alerts[rule.id] ?? INITIAL_ALERT_STATE;
      const { state, change } = reduceAlert(round.monitorId, rule, before, observation);
      monitor.alerts[rule.id] = state;
      if (change !== null) alerts.push(alertEvent(round.monitorId, change, { summary, failing, traceId, nowMs }));
    }
    this.#changeStatus(monitor, verdict.status, { sinceMs: round.slotMs, nowMs, failing, traceId });
    this.told.push(...alerts);
  }

  /** Once for each round of the grid; a monitor that is gone has none any more. */
  #tellVerdict(
    round: Round,
    about: { status: RoundJudgedEvent['status']; cause?: string; failing: RoundJudgedEvent['failing']; nowMs: number },
  ): void {
    const monitor = this.monitors.get(round.monitorId);
    if (monitor === undefined || round.manual) return;
    const { nowMs, ...verdict } = about;
    this.told.push({
      v: 1,
      kind: 'round.judged',
      id: derivedId('evt', round.slotMs, round.monitorId, 'round'),
      monitorId: round.monitorId,
      scheduledAt: new Date(round.slotMs).toISOString(),
      at: new Date(nowMs).toISOString(),
      excluded: [],
      intervalSeconds: monitor.assigned.intervalSeconds,
      traceId: roundTraceId(round.monitorId, round.slotMs, false),
      ...verdict,
    });
  }

  #changeStatus(
    monitor: WatchedMonitor,
    status: Status,
    about: { sinceMs: number; nowMs: number; failing: MonitorStatusEvent['failing']; traceId: string },
  ): void {
    if (monitor.status === status) return;
    const { id } = monitor.assigned;
    this.told.push({
      v: 1,
      kind: 'monitor.status',
      id: derivedId('evt', about.nowMs, id, monitor.status, status),
      monitorId: id,
      status,
      previous: monitor.status,
      scheduledAt: new Date(about.sinceMs).toISOString(),
      at: new Date(about.nowMs).toISOString(),
      failing: about.failing,
      traceId: about.traceId,
    });
    Object.assign(monitor, { status, statusAtMs: about.nowMs });
  }

  #endAlerts(monitor: WatchedMonitor, ruleIds: readonly string[], cause: EndCause, nowMs: number): void {
    for (const ruleId of ruleIds) {
      const rule = monitor.assigned.rules.find((one) => one.id === ruleId);
      const alert = monitor.alerts[ruleId];
      delete monitor.alerts[ruleId];
      if (rule === undefined || alert === undefined) continue;
      const { change } = endAlert(rule, alert, nowMs);
      if (change === null) continue;
      const traceId = derivedTraceId(monitor.assigned.id, change.alertId, cause);
      const about = { summary: `It ended: ${cause}.`, failing: [], traceId, nowMs, cause };
      this.told.push(alertEvent(monitor.assigned.id, change, about));
    }
  }

  /* ---- assignments --------------------------------------------------------------------------------------- */

  putAssignment(assignment: Assignment, nowMs: number): void {
    if (assignment.version <= this.version) return;
    this.version = assignment.version;
    const kept = new Set(assignment.monitors.map((monitor) => monitor.id));
    for (const [id, monitor] of this.monitors) {
      if (kept.has(id)) continue;
      this.#endAlerts(monitor, Object.keys(monitor.alerts), 'deleted', nowMs);
      this.monitors.delete(id);
    }
    for (const assigned of assignment.monitors) this.#assign(assigned, nowMs);
  }

  #assign(assigned: AssignedMonitor, nowMs: number): void {
    const before = this.monitors.get(assigned.id);
    if (before === undefined) {
      const monitor = begun(assigned, nowMs);
      this.monitors.set(assigned.id, monitor);
      if (assigned.enabled) this.#start(assigned, slotAtOrBefore(cadenceOf(assigned), nowMs), nowMs, false);
      else this.#turn(monitor, 'paused', nowMs);
      return;
    }
    handOver(before, assigned);
    const gone = rulesOnlyIn(before.assigned, assigned);
    this.#endAlerts(before, gone, 'rule_removed', nowMs);
    const toggled = before.assigned.enabled !== assigned.enabled;
    const resumed = toggled && assigned.enabled;
    const monitor = { ...before, assigned, fromMs: resumed ? nowMs : before.fromMs };
    this.monitors.set(assigned.id, monitor);
    if (!toggled) return;
    if (resumed) {
      this.#turn(monitor, 'pending', nowMs);
      monitor.judgedMs = slotAtOrBefore(cadenceOf(assigned), nowMs);
      this.#start(assigned, monitor.judgedMs, nowMs, false);
    } else {
      this.#endAlerts(monitor, Object.keys(monitor.alerts), 'paused', nowMs);
      this.#turn(monitor, 'paused', nowMs);
    }
  }

  /** A change of status that no round is behind. */
  #turn(monitor: WatchedMonitor, status: Status, nowMs: number): void {
    const traceId = derivedTraceId(monitor.assigned.id, status, String(nowMs));
    this.#changeStatus(monitor, status, { sinceMs: nowMs, nowMs, failing: [], traceId });
  }
}

function begun(assigned: AssignedMonitor, nowMs: number): WatchedMonitor {
  return { assigned, fromMs: nowMs, status: 'pending', statusAtMs: nowMs, judgedMs: 0, alerts: {} };
}

function newRound(monitor: AssignedMonitor, slotMs: number, manual: boolean): Round {
  return { monitorId: monitor.id, slotMs, manual, asked: monitor.locations, told: new Map(), judged: false };
}

function cadenceOf(monitor: AssignedMonitor): { monitorId: string; intervalSeconds: number } {
  return { monitorId: monitor.id, intervalSeconds: monitor.intervalSeconds };
}

/** A rule that takes another's place takes over its alert. */
function handOver(monitor: WatchedMonitor, after: AssignedMonitor): void {
  const fresh = rulesOnlyIn(after, monitor.assigned);
  for (const gone of rulesOnlyIn(monitor.assigned, after)) {
    const alert = monitor.alerts[gone];
    if (alert === undefined || alert.alertId === null) continue;
    const heir = fresh.shift();
    if (heir === undefined) return;
    monitor.alerts[heir] = alert;
    delete monitor.alerts[gone];
  }
}

function rulesOnlyIn(one: AssignedMonitor, other: AssignedMonitor): string[] {
  return one.rules.map((rule) => rule.id).filter((id) => !other.rules.some((rule) => rule.id === id));
}

function alertEvent(
  monitorId: string,
  change: AlertChange,
  about: {
    summary: string;
    failing: AlertTriggeredEvent['failing'];
    traceId: string;
    nowMs: number;
    cause?: EndCause;
  },
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
    at: new Date(about.nowMs).toISOString(),
    summary: about.summary,
    cause: about.cause ?? 'observed',
    failing: about.failing,
    traceId: about.traceId,
  };
}
