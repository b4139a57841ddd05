import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Monitor } from '#domain/api/monitor.ts';
import type { ApiClient } from '#standalone/api-client.ts';
import { eventually } from '../harness/eventually.ts';
import { type Product, start } from '../harness/product.ts';
import { newScene, type Scene, settleIn, untilStatus } from '../harness/scene.ts';
import { playOutage, roundsLater, watchTarget } from './outage-story.ts';

describe('the road of a result, from one command', () => {
  let scene: Scene;
  let product: Product;
  let api: ApiClient;
  let monitor: Monitor;

  beforeAll(async () => {
    scene = await newScene();
    product = await start(scene.installation);
    api = await settleIn(scene);
  });
  afterAll(async () => {
    await product?.killTree();
    await scene?.close();
  });

  it('prints the addresses and how to create the first account', () => {
    expect(product.output()).toContain(`http://localhost:${scene.installation.apiPort}/api/v1/docs`);
    expect(product.output()).toContain(`http://localhost:${scene.installation.edgePort}/status/`);
    expect(product.output()).toMatch(/no account yet.*create it/i);
  });

  it('shows a new monitor up, from six locations on one grid, within 15 s', async () => {
    monitor = await watchTarget(scene, api);
  });

  it('reports an outage and its end once: monitor, incident, webhook, status page', async () => {
    await playOutage(scene, api, monitor);
  });

  it('names the one location that fails, without an incident', async () => {
    const agents = new Set<string>();
    scene.target.behave((request, response) => {
      agents.add(request.headers['user-agent'] ?? '');
      response.writeHead(request.headers['x-blacktide-location'] === 'sa-east' ? 503 : 200).end();
    });
    const degraded = await untilStatus(api, monitor.id, 'degraded', 15_000);
    expect(degraded.locations.filter((location) => location.status === 'down').map((location) => location.id)).toEqual([
      'sa-east',
    ]);
    expect([...agents].every((agent) => agent.includes('BlackTide'))).toBe(true);
    await roundsLater(api, monitor.id, 2);
    expect((await api.get<Monitor>(`/monitors/${monitor.id}`)).openIncidentId).toBeNull();
    expect(scene.receiver.ofType('incident.opened', monitor.id)).toHaveLength(1);
  });

  it('has a working "test" button for a channel', async () => {
    const channels = await api.get<{ data: { id: string }[] }>('/channels');
    await api.post(`/channels/${channels.data[0]?.id}/test`);
    await eventually('the test webhook', () => scene.receiver.ofType('test').length === 1, 10_000);
  });
});
