import { expect } from 'vitest';
import type { Incident, IncidentDetail } from '#domain/api/alerting.ts';
import type { Monitor } from '#domain/api/monitor.ts';
import { LOCATION_IDS } from '#domain/check/location.ts';
import type { ApiClient } from '#standalone/api-client.ts';
import { eventually } from '../harness/eventually.ts';
import { createMonitor, INTERVAL_SECONDS, type Scene, untilStatus } from '../harness/scene.ts';
import { readResults } from '../harness/slots.ts';

/** The product promises detection within two rounds and 5 s. */
const DETECTION_MS = (2 * INTERVAL_SECONDS + 5) * 1000;
/** A recovery needs one round after the repair, and has the same bound as detection. */
const RECOVERY_MS = (2 * INTERVAL_SECONDS + 5) * 1000;
const FIRST_RESULTS_MS = 15_000;

interface Summary {
  readonly status: { readonly indicator: string };
  readonly components: readonly { readonly name: string; readonly status: string }[];
  readonly incidents: readonly { readonly name: string; readonly status: string }[];
}

/** Creates a monitor of the scene's target and a status page; waits until a round has a result of each location. */
export async function watchTarget(scene: Scene, api: ApiClient): Promise<Monitor> {
  const created = await createMonitor(api, 'Target', scene.target.url);
  await api.post('/status-pages', {
    name: 'Acme',
    slug: 'acme',
    visibility: 'public',
    components: [{ name: 'Website', monitorId: created.id }],
  });
  const monitor = await untilStatus(api, created.id, 'up', FIRST_RESULTS_MS);
  await eventually(
    'a round with a result of each location',
    async () => {
      const slots = Map.groupBy(await readResults(api, created.id), (result) => result.scheduledAt);
      return [...slots.values()].some(
        (round) => new Set(round.map((result) => result.location)).size === LOCATION_IDS.length,
      );
    },
    FIRST_RESULTS_MS,
  );
  return monitor;
}

/** Lets the target die and come back; expects one incident, one webhook for each, and the status on the page. */
export async function playOutage(scene: Scene, api: ApiClient, monitor: Monitor): Promise<void> {
  await scene.target.die();
  await untilStatus(api, monitor.id, 'down', DETECTION_MS);
  const opened = await eventually(
    'incident.opened',
    () => scene.receiver.ofType('incident.opened', monitor.id)[0],
    DETECTION_MS,
  );
  await untilPage(scene, (page) => page.status.indicator !== 'none' && page.components[0]?.status === 'major_outage');
  expect((await openIncidents(api, monitor.id)).map((incident) => incident.id)).toEqual([opened.data.incident?.id]);

  await scene.target.revive();
  await untilStatus(api, monitor.id, 'up', RECOVERY_MS);
  await eventually('incident.resolved', () => scene.receiver.ofType('incident.resolved', monitor.id)[0], RECOVERY_MS);
  await untilPage(scene, (page) => page.status.indicator === 'none' && page.components[0]?.status === 'operational');
  expect(await openIncidents(api, monitor.id)).toEqual([]);

  await roundsLater(api, monitor.id, 2);
  expect(scene.receiver.ofType('incident.opened', monitor.id)).toHaveLength(1);
  expect(scene.receiver.ofType('incident.resolved', monitor.id)).toHaveLength(1);
  expect(scene.receiver.refused).toEqual([]);
  const detail = await api.get<IncidentDetail>(`/incidents/${opened.data.incident?.id}`);
  expect(detail.status).toBe('resolved');
  expect(detail.timeline.map((entry) => entry.kind)).toEqual(
    expect.arrayContaining(['opened', 'notification', 'resolved']),
  );
}

/** Waits until this many further rounds are stored. */
export async function roundsLater(api: ApiClient, monitorId: string, rounds: number): Promise<void> {
  const from = new Date().toISOString();
  await eventually(
    `${rounds} more rounds`,
    async () => new Set((await readResults(api, monitorId, from)).map((result) => result.scheduledAt)).size >= rounds,
    (rounds + 2) * INTERVAL_SECONDS * 1000,
  );
}

async function openIncidents(api: ApiClient, monitorId: string): Promise<Incident[]> {
  const page = await api.get<{ data: Incident[] }>(`/incidents?monitorId=${monitorId}&status=open`);
  return page.data;
}

function untilPage(scene: Scene, holds: (page: Summary) => boolean): Promise<true> {
  return eventually(
    'the status page says so',
    async () => {
      const response = await fetch(`${scene.installation.edgeOrigin}/status/acme/api/v2/summary.json`);
      const page = (await response.json()) as Summary;
      if (!holds(page)) throw new Error(JSON.stringify({ status: page.status, components: page.components }));
      return true as const;
    },
    DETECTION_MS,
  );
}
