import { MINUTE_MS } from '#domain/base/duration.ts';

/** True at most once a minute, for log lines about frequent events. */
export function onceAMinute(): () => boolean {
  let lastMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = performance.now();
    if (nowMs - lastMs < MINUTE_MS) return false;
    lastMs = nowMs;
    return true;
  };
}
