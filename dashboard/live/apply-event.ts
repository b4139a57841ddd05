import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import type { Incident, IncidentDetail } from '#domain/api/alerting.ts';
import type { List } from '#domain/api/common.ts';
import type { LiveEvent } from '#domain/api/live.ts';
import type { Monitor } from '#domain/api/monitor-answers.ts';
import type { CheckResult } from '#domain/check/result.ts';
import { changeCached } from '../api/change-cached.ts';
import { monitorQuery, monitorsQuery, openIncidentsQuery, type ResultFilter, type WholeList } from '../api/queries.ts';
import { withEvent, withIncidentState, withNewResult, withOpenIncident } from './live-cache.ts';

/** Applies one live event to all cached answers. */
export function applyEvent(client: QueryClient, event: LiveEvent): void {
  if (event.type === 'hello' || event.type === 'alert') return;
  changeCached(client, monitorsQuery.queryKey, (list: WholeList<Monitor>) => ({
    ...list,
    items: replaceOne(list.items, (monitor) => withEvent(monitor, event)),
  }));
  const monitorId = event.data.monitorId;
  if (monitorId !== null) {
    changeCached(client, monitorQuery(monitorId).queryKey, (monitor: Monitor) => withEvent(monitor, event));
  }
  if (event.type === 'result') addResult(client, event.data);
  if (event.type === 'incident') changeIncident(client, event.data);
}

/** Beyond this many rows a list of results is refetched in pages instead of extended. */
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
    changeCached(client, queryKey, (data: InfiniteData<List<CheckResult>>) => {
      const first = data.pages[0];
      if (first === undefined) return data;
      const changed = { ...first, data: [...withNewResult(first.data, result, filter)] };
      return { ...data, pages: [changed, ...data.pages.slice(1)] };
    });
  }
}

function changeIncident(client: QueryClient, incident: Incident): void {
  changeCached(client, openIncidentsQuery.queryKey, (open: Incident[]) => withOpenIncident(open, incident));
  changeCached(client, ['incident', incident.id], (detail: IncidentDetail) => withIncidentState(detail, incident));
  void client.invalidateQueries({ queryKey: ['incident', incident.id] });
  void client.invalidateQueries({ queryKey: ['incidents'] });
}

/** Returns the same list when nothing changed, so that nothing is rendered again. */
function replaceOne<T>(items: T[], change: (item: T) => T): T[] {
  let changed = false;
  const next = items.map((item) => {
    const after = change(item);
    changed ||= after !== item;
    return after;
  });
  return changed ? next : items;
}
