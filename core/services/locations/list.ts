import type { z } from 'zod';
import type { List } from '#domain/api/common.ts';
import type { locationSchema } from '#domain/api/monitor.ts';
import { HOUR_MS } from '#domain/base/duration.ts';
import { LOCATION_IDS, LOCATIONS } from '#domain/check/location.ts';
import { authorize } from '../authorize.ts';
import type { RequestContext } from '../request-context.ts';

export type LocationAnswer = z.infer<typeof locationSchema>;

/** Lifetime of an organisation's answer. An hour of 200 monitors at 5 s has 864,000 rows. */
const CACHED_MS = 60_000;
/** Most organisations in the cache; the oldest is dropped first. */
const CACHED_MAX = 1000;

interface Figures {
  location: string;
  results: number;
  overloaded: number;
  median: number | null;
  lastAt: Date | null;
  colos: { colo: string; results: number }[] | null;
}

const cache = new WeakMap<object, Map<string, { atMs: number; answer: List<LocationAnswer> }>>();

/** The six locations, with figures of the caller's monitors. */
export async function listLocations(ctx: RequestContext): Promise<List<LocationAnswer>> {
  authorize(ctx, 'read');
  const nowMs = ctx.clock.now().getTime();
  const answers = cache.get(ctx.db) ?? new Map();
  cache.set(ctx.db, answers);
  const { organizationId } = ctx.caller;
  const known = answers.get(organizationId);
  if (known !== undefined && nowMs - known.atMs < CACHED_MS) return known.answer;
  const answer = { data: await readLocations(ctx, nowMs), nextCursor: null };
  answers.delete(organizationId);
  answers.set(organizationId, { atMs: nowMs, answer });
  if (answers.size > CACHED_MAX) answers.delete(answers.keys().next().value);
  return answer;
}

async function readLocations(ctx: RequestContext, nowMs: number): Promise<LocationAnswer[]> {
  const since = new Date(nowMs - HOUR_MS).toISOString();
  const [figures, dark] = await Promise.all([readFigures(ctx, since), readDark(ctx)]);
  return LOCATIONS.map((location) => {
    const found = figures.find((row) => row.location === location.id);
    const results = found?.results ?? 0;
    return {
      ...location,
      status: dark.has(location.id) ? 'dark' : results > 0 ? 'ok' : 'unknown',
      darkFor: dark.get(location.id) ?? null,
      lastResultAt: found?.lastAt?.toISOString() ?? null,
      colos: found?.colos ?? [],
      resultsLastHour: results,
      overloadedLastHour: found?.overloaded ?? 0,
      medianResponseTimeMs: found?.median ?? null,
    };
  });
}

/** Figures of the last hour, read by the primary key (monitor, location, slot). */
function readFigures(ctx: RequestContext, since: string): Promise<Figures[]> {
  return ctx.sql<Figures[]>`
    with recent as materialized (
      select r.location, r.colo, r.response_time_ms, r.scheduled_at, r.outcome <> 'error' as answered
      from monitors m
      join check_results r on r.monitor_id = m.id and r.location = any(${[...LOCATION_IDS]}) and r.scheduled_at >= ${since}
      where m.organization_id = ${ctx.caller.organizationId}
        and (r.outcome <> 'error' or r.reason = 'overloaded')
    ), by_colo as (
      select location, json_agg(json_build_object('colo', colo, 'results', results) order by results desc) as colos
      from (select location, colo, count(*)::int as results from recent where answered and colo is not null group by 1, 2) counted
      group by location
    )
    select location, (count(*) filter (where answered))::int as results,
      (count(*) filter (where not answered))::int as overloaded,
      max(scheduled_at) filter (where answered) as "lastAt",
      percentile_cont(0.5) within group (order by response_time_ms) filter (where answered) as median,
      (select colos from by_colo where by_colo.location = recent.location) as colos
    from recent group by location`;
}

/** Locations that a shard with the caller's monitors has found dark for everybody or for the caller's organization. */
async function readDark(ctx: RequestContext): Promise<Map<string, LocationAnswer['darkFor']>> {
  const { organizationId } = ctx.caller;
  const rows = await ctx.sql<{ location: string; isForEverybody: boolean }[]>`
    select d.location, bool_or(d.organization_id = '') as "isForEverybody" from location_darkness d
    where d.dark and d.organization_id in ('', ${organizationId})
      and d.shard_id in (select shard_id from monitors where organization_id = ${organizationId})
    group by d.location`;
  return new Map(rows.map((row) => [row.location, row.isForEverybody ? 'everybody' : 'organization']));
}
