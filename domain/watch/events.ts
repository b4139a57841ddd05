import type { AlertChange } from '../alert/alert.ts';
import { derivedId, derivedTraceId } from '../base/id.ts';
import type { LocationId } from '../check/location.ts';
import { type CheckResult, type Reason, resultId } from '../check/result.ts';
import type { VerdictStatus } from '../check/status.ts';
import type {
  AlertTriggeredEvent,
  AssignedMonitor,
  CheckCompletedEvent,
  CheckMissedEvent,
  Failing,
  LocationStateEvent,
  MonitorStatusEvent,
  ProbeAnswer,
  RoundJudgedEvent,
} from '../wire/wire.ts';
import type { LocationChange } from './location-watch.ts';
import type { Round } from './round.ts';

/** The events of a watch, in the shapes of the wire. */

/** Why an alert ended without an observation. */
export type EndCause = Exclude<AlertTriggeredEvent['cause'], 'observed'>;

/** The origin of a change, as events report it. */
export interface Behind {
  readonly monitorId: string;
  readonly nowMs: number;
  readonly failing: Failing;
  readonly traceId: string;
}

/** The outcome of a check at a location. */
export type Answer = Pick<ProbeAnswer, 'outcome' | 'attempts' | 'startedAt' | 'colo'>;

/** Why a check was not made, or not answered. None of these reasons is the target's fault. */
export interface NotMade {
  readonly reason: Extract<Reason, 'missed_slot' | 'overloaded' | 'location_unavailable' | 'probe_error'>;
  readonly detail: string;
}

export function resultEvent(
  monitorId: string,
  round: Round,
  location: LocationId,
  answer: Answer,
): CheckCompletedEvent {
  const { transcript: _forPeopleOnly, ...outcome } = answer.outcome;
  const result: CheckResult = {
    id: resultId(monitorId, location, round.slotMs, round.manual),
    monitorId,
    location,
    scheduledAt: iso(round.slotMs),
    manual: round.manual,
    traceId: round.traceId,
    ...outcome,
    colo: answer.colo,
    startedAt: answer.startedAt,
    attempts: answer.attempts,
  };
  return { v: 1, kind: 'check.completed', result };
}

export function missedEvent(
  monitorId: string,
  { slotMs, manual, traceId }: Pick<Round, 'slotMs' | 'manual' | 'traceId'>,
  locations: readonly LocationId[],
  { reason, detail }: NotMade,
): CheckMissedEvent {
  return {
    v: 1,
    kind: 'check.missed',
    id: derivedId('evt', slotMs, monitorId, manual ? 'manual' : 'grid', ...locations),
    monitorId,
    locations: [...locations],
    scheduledAt: iso(slotMs),
    manual,
    reason,
    detail,
    traceId,
  };
}

/** The verdict of a round, as `round.judged` reports it. */
export interface Judged {
  readonly status: VerdictStatus;
  readonly failing: Failing;
  readonly excluded: readonly string[];
  readonly cause?: RoundJudgedEvent['cause'];
}

export function judgedEvent(monitor: AssignedMonitor, round: Round, judged: Judged, nowMs: number): RoundJudgedEvent {
  const { failing, excluded, ...verdict } = judged;
  return {
    v: 1,
    kind: 'round.judged',
    id: derivedId('evt', round.slotMs, monitor.id, 'judged'),
    monitorId: monitor.id,
    scheduledAt: iso(round.slotMs),
    at: iso(nowMs),
    ...verdict,
    failing: [...failing],
    excluded: [...excluded],
    intervalSeconds: monitor.intervalSeconds,
    traceId: round.traceId,
  };
}

export function statusEvent(
  change: Pick<MonitorStatusEvent, 'status' | 'previous'>,
  sinceMs: number,
  atMs: number,
  { monitorId, failing, traceId }: Behind,
): MonitorStatusEvent {
  return {
    v: 1,
    kind: 'monitor.status',
    id: derivedId('evt', atMs, monitorId, change.previous, change.status),
    monitorId,
    ...change,
    scheduledAt: iso(sinceMs),
    at: iso(atMs),
    failing,
    traceId,
  };
}

export function alertEvent(
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
    scheduledAt: iso(change.scheduledAtMs),
    at: iso(nowMs),
    summary,
    cause,
    failing,
    traceId,
  };
}

export function locationEvent(shard: string, change: LocationChange): LocationStateEvent {
  const { location, dark, atMs, organization } = change;
  const id = derivedId('evt', atMs, shard, location, dark ? 'dark' : 'back', organization ?? 'everybody');
  const scope = organization === undefined ? {} : { organization };
  return { v: 1, kind: 'location.state', id, location, shard, dark, at: iso(atMs), ...scope };
}

const END_SUMMARIES = {
  paused: 'The monitor was paused.',
  deleted: 'The monitor was deleted.',
  rule_removed: 'The alert rule was removed.',
} as const satisfies Record<EndCause, string>;

/** The end of an alert without an observation. */
export function endEvent(monitorId: string, change: AlertChange, cause: EndCause, nowMs: number): AlertTriggeredEvent {
  const traceId = derivedTraceId(monitorId, change.alertId, cause);
  return alertEvent(change, cause, END_SUMMARIES[cause], { monitorId, nowMs, failing: [], traceId });
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
