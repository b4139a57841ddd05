import { infiniteQueryOptions, type QueryClient, queryOptions } from '@tanstack/react-query';
import { z } from 'zod';
import { accountSchema, apiKeySchema, sessionSchema, setupSchema } from '#domain/api/account.ts';
import {
  alertRuleSchema,
  channelSchema,
  deliverySchema,
  incidentDetailSchema,
  incidentSchema,
} from '#domain/api/alerting.ts';
import { type List, listOf } from '#domain/api/common.ts';
import {
  locationSchema,
  type Monitor,
  monitorSchema,
  resultSchema,
  seriesSchema,
  type Uptime,
  type UptimeWindow,
  uptimeSchema,
} from '#domain/api/monitor-answers.ts';
import { statusPageSchema } from '#domain/api/status-page.ts';
import { LOCATIONS } from '#domain/check/location.ts';
import { ApiError } from './api-error.ts';
import { changeCached } from './change-cached.ts';
import { request } from './request.ts';
import { csrfToken } from './send.ts';

/** The live stream keeps these queries fresh. Without it they are refetched periodically (see live/use-live.ts). */
const FRESH_WHILE_LIVE_MS = Number.POSITIVE_INFINITY;
/** Most pages of a list, in the API's largest size; see `complete` below. */
const PAGES_MAX = 10;
const PAGE_LIMIT = 200;

/** Every item of a list; `complete` is false when there are more than the dashboard shows. */
export interface WholeList<T> {
  readonly items: T[];
  readonly complete: boolean;
}

async function whole<T extends z.ZodType>(path: string, item: T, signal: AbortSignal): Promise<WholeList<z.infer<T>>> {
  const items: z.infer<T>[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < PAGES_MAX; page++) {
    const query = new URLSearchParams({ limit: String(PAGE_LIMIT), ...(cursor === null ? {} : { cursor }) });
    const separator = path.includes('?') ? '&' : '?';
    const answer: List<z.infer<T>> = await request(`${path}${separator}${query}`, listOf(item), { signal });
    items.push(...answer.data);
    cursor = answer.nextCursor;
    if (cursor === null) break;
  }
  return { items, complete: cursor === null };
}

/* ---- account ---- */

export const accountQuery = queryOptions({
  queryKey: ['account'],
  queryFn: ({ signal }) => {
    // Without the readable cookie of a session nobody is signed in, so no request is made.
    if (csrfToken() === '') throw new ApiError(401, 'Sign in first.', null);
    return request('/auth/me', accountSchema, { signal });
  },
  staleTime: FRESH_WHILE_LIVE_MS,
});

export const setupQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: ({ signal }) => request('/auth/setup', setupSchema, { signal }),
  staleTime: 0,
});

export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: ({ signal }) => whole('/auth/sessions', sessionSchema, signal),
});

export const apiKeysQuery = queryOptions({
  queryKey: ['api-keys'],
  queryFn: ({ signal }) => whole('/api-keys', apiKeySchema, signal),
});

/* ---- monitors ---- */

export const monitorsQuery = queryOptions({
  queryKey: ['monitors'],
  queryFn: ({ signal }) => whole('/monitors', monitorSchema, signal),
  staleTime: FRESH_WHILE_LIVE_MS,
});

export function monitorQuery(id: string) {
  return queryOptions({
    queryKey: ['monitor', id],
    queryFn: ({ signal }) => request(`/monitors/${id}`, monitorSchema, { signal }),
    staleTime: FRESH_WHILE_LIVE_MS,
  });
}

export interface ResultFilter {
  readonly location?: string | undefined;
  readonly outcome?: string | undefined;
}

/** Rounds of a page of results. */
const ROUNDS_PER_PAGE = 20;

export function resultsQuery(monitorId: string, filter: ResultFilter) {
  return infiniteQueryOptions({
    queryKey: ['results', monitorId, filter],
    queryFn: ({ pageParam, signal }) => {
      const locations = filter.location === undefined ? LOCATIONS.length : 1;
      const query = new URLSearchParams({ limit: String(ROUNDS_PER_PAGE * locations) });
      if (pageParam !== null) query.set('cursor', pageParam);
      if (filter.location !== undefined) query.set('location', filter.location);
      if (filter.outcome !== undefined) query.set('outcome', filter.outcome);
      return request(`/monitors/${monitorId}/results?${query}`, listOf(resultSchema), { signal });
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
}

export const SERIES_RANGES = { '1h': 3600, '24h': 86_400, '7d': 604_800, '30d': 2_592_000 } as const;
export type SeriesRange = keyof typeof SERIES_RANGES;

export function seriesQuery(monitorId: string, range: SeriesRange) {
  return queryOptions({
    queryKey: ['series', monitorId, range],
    queryFn: ({ signal }) => {
      const to = Date.now();
      const query = new URLSearchParams({
        from: new Date(to - SERIES_RANGES[range] * 1000).toISOString(),
        to: new Date(to).toISOString(),
      });
      return request(`/monitors/${monitorId}/series?${query}`, seriesSchema, { signal });
    },
  });
}

export function uptimeQuery(monitorId: string, window: UptimeWindow) {
  return queryOptions({
    queryKey: ['uptime', monitorId, window],
    queryFn: async ({ signal, client }) => {
      const uptime = await request(`/monitors/${monitorId}/uptime?window=${window}`, uptimeSchema, { signal });
      if (window === '24h') shareUptime24h(client, monitorId, uptime);
      return uptime;
    },
  });
}

/** Puts the figure of a monitor's page into the list, which is read less often, so that both say the same. */
function shareUptime24h(client: QueryClient, monitorId: string, { uptimePercent, since }: Uptime): void {
  const figure = { uptime24h: uptimePercent, uptime24hSince: since };
  changeCached<WholeList<Monitor>>(client, monitorsQuery.queryKey, (list) => ({
    ...list,
    items: list.items.map((one) => (one.id === monitorId ? { ...one, ...figure } : one)),
  }));
}

export function alertRulesQuery(monitorId: string) {
  return queryOptions({
    queryKey: ['alert-rules', monitorId],
    queryFn: ({ signal }) => whole(`/alert-rules?monitorId=${monitorId}`, alertRuleSchema, signal),
  });
}

export const locationsQuery = queryOptions({
  queryKey: ['locations'],
  queryFn: ({ signal }) => request('/locations', z.object({ data: z.array(locationSchema) }), { signal }),
});

/* ---- incidents ---- */

export interface IncidentFilter {
  readonly status?: string | undefined;
  readonly severity?: string | undefined;
  readonly monitorId?: string | undefined;
}

export function incidentsQuery(filter: IncidentFilter) {
  return infiniteQueryOptions({
    queryKey: ['incidents', filter],
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams();
      if (pageParam !== null) query.set('cursor', pageParam);
      for (const [key, value] of Object.entries(filter)) if (value !== undefined) query.set(key, value);
      return request(`/incidents?${query}`, listOf(incidentSchema), { signal });
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
}

/** Open and acknowledged incidents, which the navigation counts. */
export const openIncidentsQuery = queryOptions({
  queryKey: ['open-incidents'],
  queryFn: async ({ signal }) => {
    const [open, acknowledged] = await Promise.all([
      whole('/incidents?status=open', incidentSchema, signal),
      whole('/incidents?status=acknowledged', incidentSchema, signal),
    ]);
    return [...open.items, ...acknowledged.items];
  },
  staleTime: FRESH_WHILE_LIVE_MS,
});

export function incidentQuery(id: string) {
  return queryOptions({
    queryKey: ['incident', id],
    queryFn: ({ signal }) => request(`/incidents/${id}`, incidentDetailSchema, { signal }),
    staleTime: FRESH_WHILE_LIVE_MS,
  });
}

/* ---- channels and status pages ---- */

export const channelsQuery = queryOptions({
  queryKey: ['channels'],
  queryFn: ({ signal }) => whole('/channels', channelSchema, signal),
});

export function channelQuery(id: string) {
  return queryOptions({
    queryKey: ['channel', id],
    queryFn: ({ signal }) => request(`/channels/${id}`, channelSchema, { signal }),
  });
}

export function deliveriesQuery(channelId: string) {
  return infiniteQueryOptions({
    queryKey: ['deliveries', channelId],
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams(pageParam === null ? {} : { cursor: pageParam });
      return request(`/channels/${channelId}/deliveries?${query}`, listOf(deliverySchema), { signal });
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
}

export const statusPagesQuery = queryOptions({
  queryKey: ['status-pages'],
  queryFn: ({ signal }) => whole('/status-pages', statusPageSchema, signal),
});

export function statusPageQuery(id: string) {
  return queryOptions({
    queryKey: ['status-page', id],
    queryFn: ({ signal }) => request(`/status-pages/${id}`, statusPageSchema, { signal }),
  });
}
