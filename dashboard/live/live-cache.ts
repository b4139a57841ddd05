import type { Incident, IncidentDetail } from '#domain/api/alerting.ts';
import type { LiveEvent } from '#domain/api/live.ts';
import type { Monitor } from '#domain/api/monitor-answers.ts';
import type { CheckResult } from '#domain/check/result.ts';
import { isFailure, wasMade } from '#domain/check/result.ts';

/** Changes of cached answers by live events. Pure; without a change the same object is returned. */

export function withResult(monitor: Monitor, result: CheckResult): Monitor {
  if (result.monitorId !== monitor.id) return monitor;
  const before = monitor.locations.find((location) => location.id === result.location);
  if (before === undefined || isOlder(result.startedAt, before.lastCheckAt)) return monitor;
  const checkedAt = wasMade(result) ? result.startedAt : null;
  const after: Monitor['locations'][number] = {
    id: result.location,
    status: locationStatus(result),
    lastCheckAt: checkedAt ?? before.lastCheckAt,
    responseTimeMs: result.responseTimeMs,
    colo: result.colo,
    reason: result.reason ?? null,
    detail: result.detail ?? null,
  };
  return {
    ...monitor,
    lastCheckAt: checkedAt === null || isOlder(checkedAt, monitor.lastCheckAt) ? monitor.lastCheckAt : checkedAt,
    locations: monitor.locations.map((location) => (location === before ? after : location)),
  };
}

export function withStatus(monitor: Monitor, change: Extract<LiveEvent, { type: 'monitor.status' }>['data']): Monitor {
  if (change.monitorId !== monitor.id || isOlder(change.since, monitor.statusSince)) return monitor;
  return { ...monitor, status: change.status, statusSince: change.since };
}

export function withIncident(monitor: Monitor, incident: Incident): Monitor {
  if (incident.monitorId !== monitor.id) return monitor;
  if (incident.status !== 'resolved') return { ...monitor, openIncidentId: incident.id };
  return monitor.openIncidentId === incident.id ? { ...monitor, openIncidentId: null } : monitor;
}

/** Applies one event to one monitor. */
export function withEvent(monitor: Monitor, event: LiveEvent): Monitor {
  switch (event.type) {
    case 'result':
      return withResult(monitor, event.data);
    case 'monitor.status':
      return withStatus(monitor, event.data);
    case 'incident':
      return withIncident(monitor, event.data);
    case 'alert':
    case 'hello':
      return monitor;
  }
}

/** Puts the new state of an incident into the list of open ones, newest first. */
export function withOpenIncident(open: readonly Incident[], incident: Incident): Incident[] {
  const others = open.filter(({ id }) => id !== incident.id);
  if (incident.status === 'resolved') return others;
  return [incident, ...others].sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt));
}

/** The incident's own fields. Its timeline is refetched, because events do not contain it. */
export function withIncidentState(detail: IncidentDetail, incident: Incident): IncidentDetail {
  return detail.id === incident.id ? { ...detail, ...incident } : detail;
}

/** Adds a result that matches the filter to the shown ones, newest first, each once. */
export function withNewResult(
  shown: readonly CheckResult[],
  result: CheckResult,
  filter: { readonly location?: string | undefined; readonly outcome?: string | undefined },
): readonly CheckResult[] {
  if (filter.location !== undefined && filter.location !== result.location) return shown;
  if (filter.outcome !== undefined && filter.outcome !== result.outcome) return shown;
  if (shown.some(({ id }) => id === result.id)) return shown;
  const index = shown.findIndex((other) => comesAfter(other, result));
  return index === -1 ? [...shown, result] : shown.toSpliced(index, 0, result);
}

function locationStatus(result: CheckResult): Monitor['locations'][number]['status'] {
  if (result.outcome === 'error') return 'unknown';
  return isFailure(result.outcome) ? 'down' : 'up';
}

/** The API's order: newest slot first, then by location in reverse. */
function comesAfter(other: CheckResult, result: CheckResult): boolean {
  const ahead = Date.parse(result.scheduledAt) - Date.parse(other.scheduledAt);
  return ahead > 0 || (ahead === 0 && result.location > other.location);
}

function isOlder(candidate: string, than: string | null): boolean {
  return than !== null && Date.parse(candidate) < Date.parse(than);
}
