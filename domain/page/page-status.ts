import type { MonitorStatus } from '../check/status.ts';
import type { ComponentState, PageComponent, PageIncident } from './snapshot.ts';

/** The state of a status page: one sentence, and an indicator in the terms of Atlassian's Statuspage API v2. */

export type PageIndicator = 'none' | 'minor' | 'major' | 'critical';
export type AtlassianComponentStatus =
  | 'operational'
  | 'degraded_performance'
  | 'partial_outage'
  | 'major_outage'
  | 'under_maintenance';

export interface PageState {
  readonly indicator: PageIndicator;
  /** The status to draw, as word, shape and colour. */
  readonly status: MonitorStatus;
  /** "All systems operational", "2 of 5 systems are down", … */
  readonly sentence: string;
}

/**
 * Atlassian's API has no status for "not measured": pending, unknown and paused count as operational there, because no
 * failure was observed. The page itself shows the difference.
 */
const ATLASSIAN_STATUS = {
  pending: 'operational',
  up: 'operational',
  degraded: 'degraded_performance',
  down: 'major_outage',
  unknown: 'operational',
  paused: 'operational',
  maintenance: 'under_maintenance',
} as const satisfies Record<MonitorStatus, AtlassianComponentStatus>;

export function atlassianComponentStatus(status: MonitorStatus): AtlassianComponentStatus {
  return ATLASSIAN_STATUS[status];
}

/**
 * The status of a group: the worst of its members, or a partial outage where only some are down. An empty group is
 * operational.
 */
export function atlassianGroupStatus(statuses: readonly MonitorStatus[]): AtlassianComponentStatus {
  const down = statuses.filter((status) => status === 'down').length;
  if (down > 0) return down === statuses.length ? 'major_outage' : 'partial_outage';
  if (statuses.includes('degraded')) return 'degraded_performance';
  return statuses.includes('maintenance') ? 'under_maintenance' : 'operational';
}

/**
 * The component with its current status. The edge's own state wins over the snapshot's, unless the snapshot was made
 * from a newer round. The status of a component without a monitor only changes with the snapshot.
 */
export function currentComponent(component: PageComponent, state: ComponentState | undefined): PageComponent {
  if (state === undefined || !component.monitored) return component;
  if (component.observedAt !== null && Date.parse(component.observedAt) > Date.parse(state.observedAt)) {
    return component;
  }
  return { ...component, status: state.status, statusSince: state.since, observedAt: state.observedAt };
}

/** The status that an open incident gives a component without a monitor; `info` announces and does not impair. */
const STATUS_BY_SEVERITY = {
  critical: 'down',
  major: 'down',
  minor: 'degraded',
  info: 'up',
} as const satisfies Record<PageIncident['severity'], MonitorStatus>;

/**
 * The status of a component without a monitor, which nobody checks: what the open incidents say that people published
 * on it, and up without any. `since` is the beginning of the first incident with that status.
 */
export function statusByIncidents(
  incidents: readonly Pick<PageIncident, 'status' | 'severity' | 'startedAt'>[],
): Pick<PageComponent, 'status'> & { readonly since: string | null } {
  const open = incidents.filter(({ status }) => status !== 'resolved');
  for (const status of ['down', 'degraded'] as const) {
    const began = open
      .filter(({ severity }) => STATUS_BY_SEVERITY[severity] === status)
      .map(({ startedAt }) => Date.parse(startedAt));
    if (began.length > 0) return { status, since: new Date(Math.min(...began)).toISOString() };
  }
  return { status: 'up', since: null };
}

/**
 * The state of the whole page. Statuses of components have priority; an open incident without any affected component is
 * shown too.
 */
export function pageState(
  components: readonly Pick<PageComponent, 'status'>[],
  incidents: readonly Pick<PageIncident, 'status' | 'severity'>[],
): PageState {
  const count = (status: MonitorStatus) => components.filter((component) => component.status === status).length;
  const total = components.length;
  const down = count('down');
  if (down > 0 && down === total) {
    return { indicator: 'critical', status: 'down', sentence: total === 1 ? 'Outage' : 'All systems are down' };
  }
  if (down > 0) {
    return { indicator: 'major', status: 'down', sentence: `${down} of ${total} systems ${isAre(down)} down` };
  }
  const degraded = count('degraded');
  if (degraded > 0) {
    return { indicator: 'minor', status: 'degraded', sentence: `${systems(degraded, total)} degraded` };
  }
  if (incidents.some((incident) => incident.status !== 'resolved' && incident.severity !== 'info')) {
    return { indicator: 'minor', status: 'degraded', sentence: 'An incident is open' };
  }
  const maintained = count('maintenance');
  if (maintained > 0) {
    return { indicator: 'minor', status: 'maintenance', sentence: `${systems(maintained, total)} under maintenance` };
  }
  // Pending and paused systems are left out when another system is up. Without one that is up, they count as not
  // measured.
  const unmeasured = count('unknown') + (count('up') === 0 ? count('pending') + count('paused') : 0);
  if (unmeasured > 0) {
    const which = unmeasured === total ? '' : ` for ${unmeasured} of ${total} systems`;
    return { indicator: 'none', status: 'unknown', sentence: `No current data${which}` };
  }
  return { indicator: 'none', status: 'up', sentence: 'All systems operational' };
}

function systems(some: number, total: number): string {
  return total === 1 ? 'The system is' : `${some} of ${total} systems ${isAre(some)}`;
}

function isAre(count: number): string {
  return count === 1 ? 'is' : 'are';
}
