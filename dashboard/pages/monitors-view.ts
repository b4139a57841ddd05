import type { Monitor } from '#domain/api/monitor-answers.ts';
import type { MonitorStatus } from '#domain/check/status.ts';
import { count } from '../format/measures.ts';
import { monitorTarget } from '../format/monitor-target.ts';

/** Texts and order of the list of monitors; pure. */

/** Statuses in order of urgency. */
export const STATUSES_BY_URGENCY: readonly MonitorStatus[] = [
  'down',
  'degraded',
  'unknown',
  'pending',
  'maintenance',
  'up',
  'paused',
];

export interface Answer {
  readonly text: string;
  /** Start of the oldest current outage. */
  readonly since: string | null;
}

/** The sentence at the top: "2 of 48 monitors are down", and since when. */
export function answerOf(monitors: readonly Monitor[]): Answer {
  if (monitors.length === 0) return { text: 'No monitors yet', since: null };
  const inState = (status: MonitorStatus) => monitors.filter((monitor) => monitor.status === status);
  const all = count(monitors.length, 'monitor');
  for (const [status, word] of [
    ['down', 'down'],
    ['degraded', 'degraded'],
    ['unknown', 'not known right now'],
  ] as const) {
    const some = inState(status);
    if (some.length === 0) continue;
    const text =
      monitors.length === 1
        ? `The monitor is ${word}`
        : `${some.length} of ${all} ${some.length === 1 ? 'is' : 'are'} ${word}`;
    return { text, since: oldest(some) };
  }
  const watched = monitors.filter(({ status }) => status !== 'paused' && status !== 'pending').length;
  if (watched === 0) {
    return {
      text: inState('pending').length > 0 ? 'Waiting for the first results' : pausedText(monitors.length),
      since: null,
    };
  }
  return {
    text: watched === 1 ? 'The watched monitor is up' : `All ${count(watched, 'watched monitor')} are up`,
    since: null,
  };
}

function pausedText(number: number): string {
  return number === 1 ? 'The monitor is paused' : `All ${number} monitors are paused`;
}

/** True when the list was read before the server had counted the monitor's first rounds: the figure is due soon. */
export function awaitsUptime({ status, uptime24h }: Monitor): boolean {
  return uptime24h === null && (status === 'up' || status === 'degraded' || status === 'down');
}

export interface MonitorFilter {
  readonly q?: string | undefined;
  readonly status?: MonitorStatus | undefined;
  readonly tag?: string | undefined;
}

/** The monitors that pass the filter, by urgency and then by name. */
export function selectMonitors(monitors: readonly Monitor[], filter: MonitorFilter): Monitor[] {
  const needle = filter.q?.trim().toLowerCase() ?? '';
  return monitors
    .filter((monitor) => filter.status === undefined || monitor.status === filter.status)
    .filter((monitor) => filter.tag === undefined || monitor.tags.includes(filter.tag))
    .filter((monitor) => needle === '' || searchText(monitor).includes(needle))
    .sort(
      (a, b) =>
        STATUSES_BY_URGENCY.indexOf(a.status) - STATUSES_BY_URGENCY.indexOf(b.status) ||
        a.name.localeCompare(b.name) ||
        a.id.localeCompare(b.id),
    );
}

export function tagsOf(monitors: readonly Monitor[]): string[] {
  return [...new Set(monitors.flatMap(({ tags }) => tags))].sort((a, b) => a.localeCompare(b));
}

/** Median of the locations' latest response times; null without any. */
export function medianLatencyMs(locations: Monitor['locations']): number | null {
  const sorted = locations
    .filter(({ status }) => status === 'up')
    .flatMap(({ responseTimeMs }) => (responseTimeMs === null ? [] : [responseTimeMs]))
    .sort((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.ceil((sorted.length - 1) / 2)];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

function searchText(monitor: Monitor): string {
  return [monitor.name, monitorTarget(monitor), ...monitor.tags].join('\n').toLowerCase();
}

function oldest(monitors: readonly Monitor[]): string | null {
  const times = monitors.flatMap(({ statusSince }) => (statusSince === null ? [] : [statusSince]));
  return times.sort((a, b) => Date.parse(a) - Date.parse(b))[0] ?? null;
}
