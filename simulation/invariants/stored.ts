import type { CheckResult } from '#domain/check/result.ts';
import { resultsOf } from '#domain/wire/results.ts';
import type { RoundJudgedEvent } from '#domain/wire/wire.ts';
import type { Simulation } from '../simulation.ts';
import { requireEqual, requireThat } from '../violation.ts';

function toldResults({ shard, ledger }: Simulation): CheckResult[] {
  return shard.told.flatMap(resultsOf).filter((result) => ledger.monitors.has(result.monitorId));
}

/** Each result is stored exactly once, unchanged, and a location's status is its newest result. */
export async function requireResults(simulation: Simulation): Promise<void> {
  const told = toldResults(simulation);
  const monitorIds = [...simulation.ledger.monitors.keys()];
  const stored = await simulation.ctx.sql<{ id: string; outcome: string; key: string; at: Date }[]>`
    SELECT id, outcome, monitor_id || ' ' || location AS key, scheduled_at AS at FROM check_results
    WHERE monitor_id = ANY(${monitorIds}) ORDER BY scheduled_at`;
  const ids = new Set(told.map(({ id }) => id));
  requireEqual(stored.map(({ id }) => id).sort(), [...ids].sort(), 'every result is stored exactly once');
  // Two manual checks of the same millisecond have one name. The first result that arrives is kept.
  const lines = new Set(told.map(({ id, outcome }) => `${id} ${outcome}`));
  requireThat(
    stored.every(({ id, outcome }) => lines.has(`${id} ${outcome}`)),
    'results are stored as they were told',
  );
  const newest = new Map(stored.map(({ key, outcome, at }) => [key, { key, outcome, at }]));
  const shown = await simulation.ctx.sql<{ key: string; outcome: string; at: Date }[]>`
    SELECT monitor_id || ' ' || location AS key, outcome, scheduled_at AS at FROM location_status`;
  requireEqual([...shown].sort(byKey), [...newest.values()].sort(byKey), 'a location shows its newest slot');
}

function byKey(one: { key: string }, other: { key: string }): number {
  return one.key < other.key ? -1 : 1;
}

/** The status of each monitor is the one that its shard reported last. Every monitor has fresh results here. */
export async function requireStatuses({ ctx, ledger, shard }: Simulation): Promise<void> {
  const rows = await ctx.sql<{ id: string; enabled: boolean; status: string; stale: boolean }[]>`
    SELECT m.id, m.enabled, s.status, s.stale
    FROM monitors m JOIN monitor_status s ON s.monitor_id = m.id ORDER BY m.id`;
  const watched = [...shard.watches.values()].sort((one, other) => (one.assigned.id < other.assigned.id ? -1 : 1));
  requireEqual(
    watched.map(({ assigned }) => assigned.id),
    [...ledger.monitors.keys()].sort(),
    'shard and people agree',
  );
  requireEqual(
    rows.map((row) => ({ ...row })),
    watched.map(({ assigned, state }) => ({
      id: assigned.id,
      enabled: assigned.enabled,
      status: state.status,
      stale: false,
    })),
    'the latest status is what the shard judged last',
  );
}

/** The core does not judge again: the stored verdicts are those of the shard, unchanged. */
export async function requireRounds({ ctx, ledger, shard }: Simulation): Promise<void> {
  const told = shard.told.flatMap((event) =>
    event.kind === 'round.judged' && ledger.monitors.has(event.monitorId) ? [event] : [],
  );
  const stored = await ctx.sql<StoredRound[]>`
    SELECT monitor_id AS "monitorId", scheduled_at AS at, status, failing, excluded, cause,
           interval_seconds AS "intervalSeconds", judged_at AS "judgedAt", trace_id AS "traceId"
    FROM rounds WHERE monitor_id = ANY(${[...ledger.monitors.keys()]})`;
  requireEqual(
    stored
      .map(({ at, judgedAt, ...row }) => ({ ...row, at: at.toISOString(), judgedAt: judgedAt.toISOString() }))
      .sort(bySlot),
    told
      .map(({ v: _version, kind: _kind, id: _id, scheduledAt, at, ...event }) => ({
        ...event,
        cause: event.cause ?? null,
        at: scheduledAt,
        judgedAt: at,
      }))
      .sort(bySlot),
    'every verdict is stored exactly once, as it was told',
  );
}

interface StoredRound extends Omit<RoundJudgedEvent, 'v' | 'kind' | 'id' | 'scheduledAt' | 'at' | 'cause'> {
  readonly at: Date;
  readonly judgedAt: Date;
  readonly cause: string | null;
}

function bySlot(one: Slot, other: Slot): number {
  return keyOf(one) < keyOf(other) ? -1 : 1;
}

interface Slot {
  readonly monitorId: string;
  readonly at: string;
}

function keyOf({ monitorId, at }: Slot): string {
  return `${monitorId} ${at}`;
}

/** The core remembers the last status that the edge reported of each monitor. Holds when no event is on its way. */
export async function requireEdgeStatuses({ ctx, shard }: Simulation): Promise<void> {
  const rows = await ctx.sql<{ id: string; said: string }[]>`
    SELECT monitor_id AS id, coalesce(edge_status, 'pending') AS said FROM monitor_status`;
  const watched = rows.filter(({ id }) => shard.watches.has(id));
  requireEqual(
    watched.map((row) => ({ ...row })),
    watched.map(({ id }) => ({ id, said: shard.watches.get(id)?.state.status })),
    'what the edge said last is remembered',
  );
}

/** Each message that cannot be used is parked once, and no other message is. */
export async function requireParked({ ctx, uplink }: Simulation): Promise<void> {
  const parked = await ctx.sql<{ payload: string }[]>`SELECT payload FROM parked_messages`;
  requireEqual(
    parked.map(({ payload }) => payload).sort(),
    [...uplink.strange].sort(),
    'strange messages are parked once',
  );
}

/** For each location and scope the database holds the shard's newest event. */
export async function requireDarkness({ ctx, shard }: Simulation): Promise<void> {
  const newest = new Map<string, { key: string; dark: boolean; at: string }>();
  for (const event of shard.told) {
    if (event.kind !== 'location.state') continue;
    const { location, organization, dark, at } = event;
    const key = `${location} ${organization ?? ''}`;
    const before = newest.get(key);
    if (before === undefined || before.at < at) newest.set(key, { key, dark, at });
  }
  const stored = await ctx.sql<{ key: string; dark: boolean; at: Date }[]>`
    SELECT location || ' ' || organization_id AS key, dark, at FROM location_darkness`;
  requireEqual(
    stored.map(({ at, ...row }) => ({ ...row, at: at.toISOString() })).sort(byKey),
    [...newest.values()].sort(byKey),
    'which locations are dark is remembered as it was told last',
  );
}
