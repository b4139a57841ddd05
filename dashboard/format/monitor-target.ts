import type { Monitor } from '#domain/api/monitor-answers.ts';

/** What is watched, short: a URL without its scheme. */
export function monitorTarget(monitor: Monitor): string {
  return monitor.config.url.replace(/^https?:\/\//, '').replace(/\/$/, '');
}
