import type { Monitor } from '#domain/api/monitor-answers.ts';

/** The target in short form: a URL without its scheme. */
export function monitorTarget(monitor: Monitor): string {
  return monitor.config.url.replace(/^https?:\/\//, '').replace(/\/$/, '');
}
