import { MINUTE_MS } from '../base/duration.ts';
import type { MonitorStatus } from '../check/status.ts';
import type { PageComponent } from './snapshot.ts';

/**
 * A shard vouches for its components at least once a minute, because the cron wakes it. Without a word for three
 * minutes its checks have stopped.
 */
export const VOUCHED_MS_MAX = 3 * MINUTE_MS;
/** Statuses that say how a target is now. The others do not depend on checks. */
const OBSERVED: ReadonlySet<MonitorStatus> = new Set(['up', 'degraded', 'down']);

/** The component as it may be shown: its status is unknown when nobody vouches for it any more. */
export function freshComponent(component: PageComponent, vouchedUntilMs: number, nowMs: number): PageComponent {
  const holds = nowMs <= vouchedUntilMs || !component.monitored || !OBSERVED.has(component.status);
  return holds ? component : { ...component, status: 'unknown', statusSince: new Date(vouchedUntilMs).toISOString() };
}
