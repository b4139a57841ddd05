/** What one round says about its monitor. */
export const VERDICTS = ['up', 'degraded', 'down', 'unknown'] as const;
export type VerdictStatus = (typeof VERDICTS)[number];

/** How a monitor is for the watch that judges it. */
export const WATCH_STATUSES = ['pending', ...VERDICTS, 'paused'] as const;
export type WatchStatus = (typeof WATCH_STATUSES)[number];

/** How a monitor is for people: what is announced as maintenance overlays what is observed. */
export const MONITOR_STATUSES = [...WATCH_STATUSES, 'maintenance'] as const;
export type MonitorStatus = (typeof MONITOR_STATUSES)[number];
