import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import type { Incident, IncidentDetail } from '#domain/api/alerting.ts';
import type { List } from '#domain/api/common.ts';
import type { LiveEvent } from '#domain/api/live.ts';
import type { Monitor } from '#domain/api/monitor-answers.ts';
import type { CheckResult } from '#domain/result.ts';
import { monitorQuery, monitorsQuery, openIncidentsQuery, type ResultFilter } from '../api/queries.ts';
import { withEvent, withIncidentState, withNewResult, withOpenIncident } from './live-cache.ts';

/** Brings one live event into everything that was read before. */
export function applyEvent(client: QueryClient, event: LiveEvent): void {
  if (event.type === 'hello' || event.type === 'alert') return;
  client.setQueryData(monitorsQuery.queryKey, (list) =>
    list === undefined ? undefined : { ...list, items: replaceOne(list.items, (monitor) => withEvent(monitor, event)) },
  );
  const monitorId = event.data.monitorId;
  if (monitorId !== null) {
    client.setQueryData(monitorQuery(monitorId).queryKey, (monitor: Monitor | undefined) =>
      monitor === undefined ? undefined : withEvent(monitor, event),
    );
  }
  if (event.type === 'result') addResult(client, event.data);
  if (event.type === 'incident') changeIncident(client, event.data);
}

/** Beyond this many rows a list of results is read anew, in pages, rather than grown on. */
const LIVE_ROWS_MAX = 300;

function addResult(client: QueryClient, result: CheckResult): void {
  const queries = client
    .getQueryCache()
    .findAll({ queryKey: ['results', result.monitorId] })
    .map((query) => query.queryKey);
  for (const queryKey of queries) {
    const filter = queryKey[2] as ResultFilter;
    const rows = client.getQueryData<InfiniteData<List<CheckResult>>>(queryKey)?.pages[0]?.data.length ?? 0;
    if (rows >= LIVE_ROWS_MAX) {
      void client.invalidateQueries({ queryKey, exact: true });
      continue;
    }
    client.setQueryData<InfiniteData<List<CheckResult>>>(queryKey, (data) => {
      const first = data?.pages[0];
      if (data === undefined || first === undefined) return data;
      const changed = { ...first, data: [...withNewResult(first.data, result, filter)] };
      return { ...data, pages: [changed, ...data.pages.slice(1)] };
    });
  }
}

function changeIncident(client: QueryClient, incident: Incident): void {
  client.setQueryData(openIncidentsQuery.queryKey, (open) =>
    open === undefined ? undefined : withOpenIncident(open, incident),
  );
  client.setQueryData<IncidentDetail>(['incident', incident.id], (detail) =>
    detail === undefined ? undefined : withIncidentState(detail, incident),
  );
  void client.invalidateQueries({ queryKey: ['incident', incident.id] });
  void client.invalidateQueries({ queryKey: ['incidents'] });
}

/** Keeps the list's identity when nothing changed, so that nothing is drawn again. */
function replaceOne<T>(items: T[], change: (item: T) => T): T[] {
  let changed = false;
  const next = items.map((item) => {
    const after = change(item);
    changed ||= after !== item;
    return after;
  });
  return changed ? next : items;
}
