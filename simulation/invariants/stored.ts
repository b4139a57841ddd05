import type { CheckResult } from '#domain/check/result.ts';
import type { Simulation } from '../simulation.ts';
import { requireEqual, requireThat } from '../violation.ts';

function resultsOf({ shard, ledger }: Simulation): CheckResult[] {
  return shard.told
    .flatMap((event) => (event.kind === 'check.completed' ? [event.result] : []))
    .filter((result) => ledger.monitors.has(result.monitorId));
}

/** Each result is stored exactly once, as it was told, and the newest of a location is its status. */
export async function requireResults(simulation: Simulation): Promise<void> {
  const told = resultsOf(simulation);
  const monitorIds = [...simulation.ledger.monitors.keys()];
  const stored = await simulation.ctx.sql<{ id: string; outcome: string; key: string; at: Date }[]>`
    SELECT id, outcome, monitor_id || ' ' || location AS key, scheduled_at AS at FROM check_results
    WHERE monitor_id = ANY(${monitorIds}) ORDER BY scheduled_at`;
  const ids = new Set(told.map(({ id }) => id));
  requireEqual(stored.map(({ id }) => id).sort(), [...ids].sort(), 'every result is stored exactly once');
  // A slot that is resumed into is checked again: of two results with one name the first that arrives is kept.
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

/** Everything has just been seen, so the status of a monitor is what its shard says. */
export async function requireStatuses({ ctx, ledger, shard }: Simulation): Promise<void> {
  const rows = await ctx.sql<{ id: string; enabled: boolean; status: string; failing: unknown; stale: boolean }[]>`
    SELECT m.id, m.enabled, s.status, s.failing, s.stale
    FROM monitors m JOIN monitor_status s ON s.monitor_id = m.id ORDER BY m.id`;
  const watched = [...shard.monitors.values()].sort((one, other) => (one.assigned.id < other.assigned.id ? -1 : 1));
  requireEqual(
    watched.map(({ assigned }) => assigned.id),
    [...ledger.monitors.keys()].sort(),
    'shard and people agree',
  );
  requireEqual(
    rows.map((row) => ({ ...row })),
    watched.map(({ assigned, status, failing }) => ({
      id: assigned.id,
      enabled: assigned.enabled,
      status,
      failing: JSON.parse(JSON.stringify(failing)),
      stale: false,
    })),
    'the latest status is what the shard judged last',
  );
}

/** Every change of status is in the history once; what the core adds is the silence it noticed. */
export async function requireHistory({ ctx, ledger, shard }: Simulation): Promise<void> {
  const told = shard.told.flatMap((event) => (event.kind === 'monitor.status' ? [event] : []));
  const stored = await ctx.sql<{ id: string }[]>`SELECT id FROM monitor_status_changes WHERE id LIKE 'evt_%'`;
  requireEqual(
    stored.map(({ id }) => id).sort(),
    [...new Set(told.filter(({ monitorId }) => ledger.monitors.has(monitorId)).map(({ id }) => id))].sort(),
    'every change of status is in the history once',
  );
  const own = await ctx.sql`
    SELECT id FROM monitor_status_changes
    WHERE id NOT LIKE 'evt_%' AND status <> 'unknown' AND previous NOT IN ('unknown', 'paused')`;
  requireEqual([...own], [], 'the core itself only says that it does not know, and what the edge said before');
}

/** What the edge said last of each monitor is remembered; holds whenever nothing is on its way. */
export async function requireEdgeStatuses({ ctx, shard }: Simulation): Promise<void> {
  const rows = await ctx.sql<{ id: string; said: string }[]>`
    SELECT monitor_id AS id, coalesce(edge_status, 'pending') AS said FROM monitor_status`;
  const watched = rows.filter(({ id }) => shard.monitors.has(id));
  requireEqual(
    watched.map((row) => ({ ...row })),
    watched.map(({ id }) => ({ id, said: shard.monitors.get(id)?.status })),
    'what the edge said last is remembered',
  );
}

/** What nobody understands is kept once for people, and nothing else is. */
export async function requireParked({ ctx, uplink }: Simulation): Promise<void> {
  const parked = await ctx.sql<{ payload: string }[]>`SELECT payload FROM parked_messages`;
  requireEqual(
    parked.map(({ payload }) => payload).sort(),
    [...uplink.strange].sort(),
    'strange messages are parked once',
  );
}
