import { type CheckResult, resultId } from '../check/result.ts';
import type { CheckMissedEvent, EdgeEvent } from './wire.ts';

/** The results that an event carries, one for each check; none when it carries something else. */
export function resultsOf(event: EdgeEvent): readonly CheckResult[] {
  if (event.kind === 'check.completed') return [event.result];
  return event.kind === 'check.missed' ? missedResults(event) : [];
}

/** A result for each location whose check was not made. */
export function missedResults(event: CheckMissedEvent): CheckResult[] {
  const { monitorId, scheduledAt, manual, reason, detail, traceId } = event;
  const slotMs = Date.parse(scheduledAt);
  return event.locations.map((location) => ({
    id: resultId(monitorId, location, slotMs, manual),
    monitorId,
    location,
    colo: null,
    scheduledAt,
    startedAt: scheduledAt,
    outcome: 'error',
    reason,
    detail,
    responseTimeMs: null,
    attempts: 0,
    manual,
    traceId,
  }));
}
