import { QueryClient } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import { incidentQuery, monitorQuery, monitorsQuery, openIncidentsQuery, resultsQuery } from '../api/queries.ts';
import { incident, MONITOR_ID, monitor, result } from '../fixtures/answers.ts';
import { applyEvent } from './apply-event.ts';

const resultsKey = resultsQuery(MONITOR_ID, {}).queryKey;

function clientWithEverything(): QueryClient {
  const client = new QueryClient();
  client.setQueryData(monitorsQuery.queryKey, { items: [monitor()], complete: true });
  client.setQueryData(monitorQuery(MONITOR_ID).queryKey, monitor());
  client.setQueryData(openIncidentsQuery.queryKey, []);
  client.setQueryData(incidentQuery('inc_1').queryKey, { ...incident(), timeline: [], pages: [] });
  client.setQueryData(resultsKey, { pages: [{ data: [], nextCursor: null }], pageParams: [null] });
  return client;
}

test('a result reaches the list, its monitor and the recent results', () => {
  const client = clientWithEverything();
  applyEvent(client, { type: 'result', data: result({ responseTimeMs: 31 }) });
  for (const shown of [
    client.getQueryData(monitorsQuery.queryKey)?.items[0],
    client.getQueryData(monitorQuery(MONITOR_ID).queryKey),
  ]) {
    expect(shown?.locations.find(({ id }) => id === 'eu-central')?.responseTimeMs).toBe(31);
  }
  expect(client.getQueryData(resultsKey)?.pages[0]?.data).toHaveLength(1);
});

test('what is to be read again stays so, although events change it meanwhile', async () => {
  const client = clientWithEverything();
  await client.invalidateQueries();
  applyEvent(client, { type: 'result', data: result() });
  applyEvent(client, { type: 'incident', data: incident() });
  const forgotten = client.getQueryCache().findAll({ predicate: ({ state }) => !state.isInvalidated });
  expect(forgotten.map(({ queryKey }) => queryKey)).toEqual([]);
});

test('nothing is put where nothing was read', () => {
  const client = new QueryClient();
  applyEvent(client, { type: 'result', data: result() });
  applyEvent(client, { type: 'incident', data: incident() });
  expect(client.getQueryCache().getAll()).toEqual([]);
});
