import { ProblemError } from '#core/platform/problem-error.ts';
import { RateLimiter, type RatePolicy } from '#core/platform/rate-limiter.ts';
import type { MonitorCreate } from '#domain/api/monitor.ts';

/**
 * Checks that somebody asks for are bounded, because with them an installation could be aimed at others like a cannon.
 * What counts is requests: a check is made at each of its locations, each may follow every redirect that the monitor
 * allows, to whichever host, and one that fails is repeated. A test of a default monitor counts as 66, its check as 132.
 *
 * One every five seconds is as often as the shortest interval: a monitor is checked at most twice as often as planned.
 */
const OF_MONITOR: RatePolicy = { name: 'monitor', burst: 30, windowSeconds: 150 };
/** A hundred checks of default monitors at once, as after a change of theirs, and one every six seconds after that. */
const OF_ORGANIZATION: RatePolicy = { name: 'organization', burst: 13_200, windowSeconds: 600 };
/** Thirty such checks of the same host, or sixty tests while a monitor is being written. */
const OF_HOST: RatePolicy = { name: 'host', burst: 3_960, windowSeconds: 600 };
/** What ten organisations together may send a host: one or two cannot use it up for the others. */
const OF_HOST_BY_ALL: RatePolicy = { name: 'host by all', burst: 10 * OF_HOST.burst, windowSeconds: 600 };
/** Changes at once of an organisation that may have few monitors: a person who edits does not make as many. */
const CHANGES_MIN = 100;
/** How long the first rounds of new and changed monitors take to be free again. */
const CHANGES_SECONDS = 60 * 60;

type Check = Pick<MonitorCreate, 'config' | 'locations'>;

/** The bounds on checks that are asked for. Each API process has its own. */
export class ChecksOnDemand {
  readonly #limiter = new RateLimiter();

  /**
   * For a check that is made now, of a stored monitor or of none, at most `attempts` times. Throws rate_limited; then
   * nothing is counted.
   */
  require(
    organizationId: string,
    { monitorId, check, attempts }: { monitorId: string | null; check: Check; attempts: number },
    nowMs: number,
  ): void {
    const requests = attempts * requestsOf(check);
    const { hostname } = new URL(check.config.url);
    this.#take(nowMs, [
      ...(monitorId === null ? [] : [[OF_MONITOR, monitorId, 1] as const]),
      [OF_ORGANIZATION, organizationId, requests],
      [OF_HOST, `${organizationId} ${hostname}`, requests],
      [OF_HOST_BY_ALL, hostname, requests],
    ]);
  }

  /**
   * For a monitor that is stored with another way of checking, which its round shows at once. New monitors are bounded
   * by their number: an organisation may make all of its monitors at once, and as many again within an hour. Those who
   * change one monitor over and over are bounded as if they asked for checks of it.
   */
  requireChange(organizationId: string, monitorId: string | null, monitorsMax: number, nowMs: number): void {
    const changes = { name: 'changes', burst: Math.max(CHANGES_MIN, monitorsMax), windowSeconds: CHANGES_SECONDS };
    this.#take(nowMs, [
      ...(monitorId === null ? [] : [[OF_MONITOR, monitorId, 1] as const]),
      [changes, organizationId, 1],
    ]);
  }

  #take(nowMs: number, asked: readonly (readonly [policy: RatePolicy, of: string, tokens: number])[]): void {
    const buckets = asked.map(([policy, of, tokens]) => [`${policy.name} ${of}`, policy, nowMs, tokens] as const);
    const seconds = Math.max(...buckets.map((bucket) => this.#limiter.retryAfterSeconds(...bucket)));
    if (seconds > 0) {
      throw new ProblemError('rate_limited', `Too many checks were asked for. Try again in ${seconds} s.`, {
        headers: { 'Retry-After': String(seconds) },
      });
    }
    for (const bucket of buckets) this.#limiter.take(...bucket);
  }
}

/** Most requests that a check sends to any one host. */
function requestsOf({ config, locations }: Check): number {
  return locations.length * (config.followRedirects ? 1 + config.maxRedirects : 1);
}
