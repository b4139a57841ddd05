import { QueryClient } from '@tanstack/react-query';
import { afterEach, expect, test, vi } from 'vitest';
import { MONITOR_ID, monitor } from '../fixtures/answers.ts';
import { monitorsQuery, uptimeQuery } from './queries.ts';

afterEach(() => vi.unstubAllGlobals());

const uptime = {
  window: '24h',
  from: '2026-11-21T14:00:00.000Z',
  to: '2026-11-22T14:00:00.000Z',
  since: '2026-11-22T13:00:00.000Z',
  uptimePercent: 99.5,
  upRounds: 60,
  downRounds: 0,
  unknownRounds: 0,
  upSeconds: 3582,
  downSeconds: 18,
  unknownSeconds: 0,
  days: [],
};

async function readUptimeBeside(items: readonly object[], invalidated: boolean) {
  vi.stubGlobal('document', { cookie: '' });
  vi.stubGlobal('fetch', async () => Response.json(uptime));
  const client = new QueryClient();
  client.setQueryData(monitorsQuery.queryKey, { items: items.map((one) => monitor(one)), complete: true });
  if (invalidated) await client.invalidateQueries(monitorsQuery);
  await client.fetchQuery(uptimeQuery(MONITOR_ID, '24h'));
  return client;
}

test('the list says the same uptime as the page of the monitor that was read later', async () => {
  const client = await readUptimeBeside([{ uptime24h: null }, { id: 'mon_other', uptime24h: 100 }], false);
  const shown = client.getQueryData(monitorsQuery.queryKey)?.items;
  expect(shown?.map(({ uptime24h, uptime24hSince }) => [uptime24h, uptime24hSince])).toEqual([
    [99.5, '2026-11-22T13:00:00.000Z'],
    [100, null],
  ]);
});

test('a list that lacks a new monitor is read again, although the uptime of the monitor was read meanwhile', async () => {
  const client = await readUptimeBeside([], true);
  expect(client.getQueryState(monitorsQuery.queryKey)?.isInvalidated).toBe(true);
});
