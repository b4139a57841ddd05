/** Verdicts: the status of a monitor in one round. */
export const VERDICTS = ['up', 'degraded', 'down', 'unknown'] as const;
export type VerdictStatus = (typeof VERDICTS)[number];

/** Statuses of a monitor in its watch, which judges rounds. */
export const WATCH_STATUSES = ['pending', ...VERDICTS, 'paused'] as const;
export type WatchStatus = (typeof WATCH_STATUSES)[number];

/** Statuses shown to people: an announced maintenance overlays the observed status. */
export const MONITOR_STATUSES = [...WATCH_STATUSES, 'maintenance'] as const;
export type MonitorStatus = (typeof MONITOR_STATUSES)[number];
