import { and, eq, ne, sql } from 'drizzle-orm';
import { ProblemError } from '#core/platform/problem-error.ts';
import { monitors } from '#db/schema.ts';
import type { MonitorCreate } from '#domain/api/monitor.ts';
import { lockOrganization } from '../quota.ts';
import type { RequestUnit } from '../request-context.ts';

const MINUTE_SECONDS = 60;

/**
 * For the transaction that stores a monitor: throws quota_exceeded when the organisation would plan more checks of its
 * host than it may. The organisation's other changes wait until that transaction's end. `before` is null for a new
 * monitor; a change that plans no more checks than before is always possible.
 */
export async function requireRoomAtHost(
  ctx: RequestUnit,
  before: { readonly id: string; readonly monitor: MonitorCreate } | null,
  input: MonitorCreate,
): Promise<void> {
  const { hostChecksMax } = ctx.config;
  const host = hostOf(input.config.url);
  const heldBefore =
    before?.monitor.enabled && hostOf(before.monitor.config.url) === host ? perMinute(before.monitor) : 0;
  if (hostChecksMax === undefined || !input.enabled || perMinute(input) <= heldBefore) return;
  await lockOrganization(ctx);
  const { intervalSeconds } = monitors;
  const others = await ctx.db
    .select({
      url: sql<string | null>`${monitors.config}->>'url'`,
      intervalSeconds,
      locations: sql<MonitorCreate['locations']>`${monitors.locations}`,
    })
    .from(monitors)
    .where(
      and(
        eq(monitors.organizationId, ctx.caller.organizationId),
        eq(monitors.enabled, true),
        before === null ? undefined : ne(monitors.id, before.id),
      ),
    );
  const planned = [input, ...others.filter(({ url }) => hostOf(url) === host)].reduce(
    (sum, one) => sum + perMinute(one),
    0,
  );
  if (planned <= hostChecksMax) return;
  throw new ProblemError(
    'quota_exceeded',
    `An organisation may plan ${hostChecksMax} checks a minute of one host; with this monitor ${host} would get ${Math.ceil(planned)}.`,
  );
}

function perMinute({ locations, intervalSeconds }: Pick<MonitorCreate, 'locations' | 'intervalSeconds'>): number {
  return (locations.length * MINUTE_SECONDS) / intervalSeconds;
}

/** Null for a URL that cannot be read, which nothing is sent to. */
function hostOf(url: string | null): string | null {
  return URL.parse(url ?? '')?.hostname ?? null;
}
