import type { LocationId } from '#domain/check/location.ts';
import type { CheckResult, Reason } from '#domain/check/result.ts';
import type { CheckCompletedEvent, ProbeAnswer } from '#domain/wire/wire.ts';
import { checkId, type Round } from './round.ts';

/** The result of a check that was made. */
export function answeredEvent(round: Round, location: LocationId, answer: ProbeAnswer): CheckCompletedEvent {
  const { transcript: _forPeopleOnly, ...outcome } = answer.outcome;
  return completed({
    ...nameOf(round, location),
    ...outcome,
    colo: answer.colo,
    startedAt: answer.startedAt,
    attempts: answer.attempts,
  });
}

/** The result of a check that was not made, or of which nothing was heard: the probe's own fault. */
export function unmadeEvent(
  round: Round,
  location: LocationId,
  reason: Extract<Reason, 'missed_slot' | 'location_unavailable' | 'probe_error'>,
  detail: string,
): CheckCompletedEvent {
  const name = nameOf(round, location);
  return completed({
    ...name,
    outcome: 'error',
    reason,
    detail,
    responseTimeMs: null,
    colo: null,
    startedAt: name.scheduledAt,
    attempts: 0,
  });
}

function nameOf(round: Round, location: LocationId) {
  return {
    id: checkId(round, location),
    monitorId: round.monitor.id,
    location,
    scheduledAt: new Date(round.slotMs).toISOString(),
    manual: round.manual,
    traceId: round.traceId,
  };
}

function completed(result: CheckResult): CheckCompletedEvent {
  return { v: 1, kind: 'check.completed', result };
}
