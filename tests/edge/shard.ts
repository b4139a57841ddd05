import { env, SELF } from 'cloudflare:test';
import { inject } from 'vitest';
import { newId } from '#domain/base/id.ts';
import { LOCATION_IDS, type LocationId } from '#domain/check/location.ts';
import type { CheckResult } from '#domain/check/result.ts';
import { resultsOf as resultsOfEvent } from '#domain/wire/results.ts';
import type { AssignedMonitor, Assignment, EdgeEvent } from '#domain/wire/wire.ts';
import { type CoordinatorEnv, PROBE_BINDINGS } from '#edge/env.ts';
import { signServiceToken } from '#edge/service-token.ts';
import { eventually } from '../harness/eventually.ts';
import type { Received, Reception } from './core-double.ts';
import type { Behaviour, Hit } from './target.ts';
import type {} from './world.ts';

/** Functions for edge tests: send orders as the core, set the behaviour of targets, read the events that arrived. */

export const world = inject('world');
export const bindings = env as unknown as CoordinatorEnv;

export function random(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(10));
}

const madeShards = new Set<string>();

export function newShardName(): string {
  const name = newId('shd', Date.now(), random());
  madeShards.add(name);
  return name;
}

/** Stops the shards of a test. A shard outlives its test, and its checks would slow down the next test. */
export async function stopShards(): Promise<void> {
  const names = [...madeShards];
  madeShards.clear();
  await Promise.all(
    names.map(async (name) => {
      await setReception(name, 'accept');
      await shardOf(name).stop();
    }),
  );
}

export function shardOf(name: string) {
  return bindings.MONITOR_SHARD.getByName(name);
}

/**
 * A monitor with a new target and the default alert rule. With an interval of an hour only its first round comes by
 * itself.
 */
export function newMonitor(changes: Partial<AssignedMonitor> = {}, url?: string): AssignedMonitor & { target: string } {
  const id = newId('mon', Date.now(), random());
  const monitor: AssignedMonitor = {
    id,
    name: 'Shop',
    intervalSeconds: 3600,
    // Long enough for a busy machine: the next check after a timeout would come an hour later.
    timeoutMs: 20_000,
    locations: [...LOCATION_IDS],
    enabled: true,
    quorum: null,
    rules: [
      {
        id: 'rul_default',
        condition: { type: 'consecutiveFailures', count: 1 },
        severity: 'critical',
        recoveryCount: 1,
      },
    ],
    components: [],
    type: 'http',
    config: {
      url: url ?? `${world.targetUrl}/t/${id}`,
      method: 'GET',
      headers: {},
      followRedirects: true,
      maxRedirects: 10,
      verifyTls: true,
      ipVersion: 'any',
      bodyBytesMax: 1024 * 1024,
      assertions: [],
    },
    ...changes,
  };
  return { ...monitor, target: id };
}

/** A URL of a target under another host name, for probes that resolve it (`probesByName`). */
export function urlByName(host: string, target: string): string {
  return `http://${host}/t/${target}`;
}

/**
 * The six locations' real probe Workers, for which every name below `.example` leads to the targets, whatever its port.
 * So tests have as many hosts and sites as they need.
 */
export function probesByName(): Pick<CoordinatorEnv, (typeof PROBE_BINDINGS)[LocationId]> {
  const bound = Object.values(PROBE_BINDINGS).map((name) => [name, resolving(bindings[name])]);
  return Object.fromEntries(bound);
}

function resolving(probe: Fetcher) {
  return {
    fetch: (url: string, init: { body: string }) =>
      probe.fetch(url, { ...init, body: init.body.replaceAll(/http:\/\/[\w.-]+\.example(:\d+)?/g, world.targetUrl) }),
  };
}

export async function behave(monitor: { id: string }, behaviour: Behaviour): Promise<void> {
  await fetch(`${world.targetUrl}/set/${monitor.id}`, { method: 'PUT', body: JSON.stringify(behaviour) });
}

export async function hitsOf(monitor: { id: string }): Promise<Hit[]> {
  return (await fetch(`${world.targetUrl}/hits/${monitor.id}`)).json();
}

export async function setReception(shard: string, reception: Reception): Promise<void> {
  await fetch(`${world.coreUrl}/set/${shard}`, { method: 'PUT', body: reception });
}

export async function batchesOf(shard: string): Promise<Received[]> {
  return (await fetch(`${world.coreUrl}/received/${shard}`)).json();
}

/** Events that the core has acknowledged, in the order they arrived. */
export async function eventsOf(shard: string): Promise<EdgeEvent[]> {
  const batches = await batchesOf(shard);
  return batches.filter((batch) => batch.status === 202).flatMap((batch) => batch.events as EdgeEvent[]);
}

export async function resultsOf(shard: string): Promise<CheckResult[]> {
  return (await eventsOf(shard)).flatMap(resultsOfEvent);
}

/** Waits until the shard has at least `count` results. */
export async function untilResults(shard: string, count: number): Promise<CheckResult[]> {
  return eventually(`${count} results`, async () => {
    const results = await resultsOf(shard);
    return results.length >= count ? results : null;
  });
}

/** Waits until the shard has at least `count` events of the kind. */
export async function untilEvents<K extends EdgeEvent['kind']>(
  shard: string,
  kind: K,
  count: number,
): Promise<Extract<EdgeEvent, { kind: K }>[]> {
  return eventually(`${count} ${kind}`, async () => {
    const events = (await eventsOf(shard)).filter((event) => event.kind === kind);
    return events.length >= count ? (events as Extract<EdgeEvent, { kind: K }>[]) : null;
  });
}

/** Edge tests import `eventually` under this name. */
export { eventually as until };

export function assignmentOf(shard: string, version: number, monitors: readonly AssignedMonitor[]): Assignment {
  return { v: 1, shard, version, monitors: [...monitors] };
}

export function assign(shard: string, version: number, monitors: readonly AssignedMonitor[]): Promise<Response> {
  return order('PUT', `/edge/v1/shards/${shard}/assignment`, assignmentOf(shard, version, monitors));
}

/** Sends an order with a valid token of the core. */
export async function order(method: string, path: string, value?: unknown): Promise<Response> {
  const body = value === undefined ? '' : JSON.stringify(value);
  return send(method, path, body, await tokenFor(method, path, body));
}

export function tokenFor(method: string, path: string, body: string, nowMs = Date.now()): Promise<string> {
  const signed = { method, path, body: new TextEncoder().encode(body) };
  return signServiceToken(world.corePrivateJwk, 'blacktide-core', 'blacktide-edge', signed, nowMs);
}

export function send(method: string, path: string, body: string, token: string): Promise<Response> {
  return SELF.fetch(`https://edge.test${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === '' ? {} : { body }),
  });
}
