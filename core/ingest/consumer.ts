import { lockMonitors } from '#db/sql/lock-monitors.ts';
import { parkMessages } from '#db/sql/park-messages.ts';
import { type LocationState, storeLocationStates } from '#db/sql/store-location-states.ts';
import { storeResults } from '#db/sql/store-results.ts';
import { storeRounds } from '#db/sql/store-rounds.ts';
import { restoreStatuses, type StatusChange, storeStatuses } from '#db/sql/store-statuses.ts';
import type { CheckResult } from '#domain/check/result.ts';
import type { CoreContext, StreamConsumer } from '../context.ts';
import { requestPagesOfMonitors } from '../publish/request.ts';
import { CONSUMER_KINDS } from '../streams/consumer-kinds.ts';
import { inUnit } from '../unit-of-work.ts';
import { type SortedBatch, sortBatch, unusable } from './sort-batch.ts';
import { emitResults, emitStatuses } from './tell.ts';
import { Tenants } from './tenants.ts';
import { Weeks } from './weeks.ts';

/** Changes by a batch, emitted to browsers after the commit. */
interface Outcome {
  readonly stored: ReadonlySet<string>;
  readonly rounds: number;
  readonly changes: readonly StatusChange[];
  readonly parked: number;
}

/** The consumer that stores the edge's events. Its handler lists the steps of ingest in order. */
export function createIngest(ctx: CoreContext): StreamConsumer {
  const tenants = new Tenants(ctx.sql);
  const weeks = new Weeks(ctx.sql);

  return {
    name: 'ingest',
    kinds: CONSUMER_KINDS.ingest,
    async handle(messages) {
      const startedAt = performance.now();
      const sorted = parkUntimely(sortBatch(messages), weeks, ctx.clock.now());
      const owners = await tenants.of(monitorsOf(sorted));
      const batch = ofKnownMonitors(sorted, owners);
      await weeks.ensure([...batch.results, ...batch.rounds].map(({ scheduledAt }) => new Date(scheduledAt)));
      const outcome = await store(ctx, batch);
      const fresh = [...new Map(batch.results.map((result) => [result.id, result])).values()].filter(({ id }) =>
        outcome.stored.has(id),
      );
      emitResults(ctx, fresh, owners);
      emitStatuses(ctx, outcome.changes);
      count(ctx, batch, { ...outcome, fresh }, (performance.now() - startedAt) / 1000);
    },
  };
}

/** Stores a batch in one transaction, because the acknowledgement covers the whole batch. */
async function store(ctx: CoreContext, batch: SortedBatch): Promise<Outcome> {
  return inUnit(ctx, async (ctx) => {
    const tx = ctx.db;
    await lockMonitors(tx, monitorsOf(batch));
    const parked = await parkMessages(tx, batch.unusable);
    const stored = batch.results.length > 0 ? await storeResults(tx, batch.results) : new Set<string>();
    const rounds = batch.rounds.length > 0 ? await storeRounds(tx, batch.rounds) : 0;
    const changes = batch.statuses.length > 0 ? await storeStatuses(tx, batch.statuses) : [];
    const restored = stored.size > 0 ? await restoreStatuses(tx, idsOf(batch.results)) : [];
    const changed = [...changes, ...restored];
    if (changed.length > 0) {
      await requestPagesOfMonitors(
        tx,
        changed.map((change) => change.monitorId),
      );
    }
    if (batch.locations.length > 0) {
      for (const state of await storeLocationStates(tx, batch.locations)) tellOperators(ctx, state);
    }
    return { stored, rounds, changes: changed, parked };
  });
}

/** One line in the log and one count for each change. The metric does not name organizations: their number is open. */
function tellOperators(
  { logger, metrics }: Pick<CoreContext, 'logger' | 'metrics'>,
  state: Omit<LocationState, 'at'>,
): void {
  const { location, organization, dark } = state;
  const scope = organization === undefined ? 'everybody' : 'organization';
  const whom = organization === undefined ? 'for everybody' : 'for one organization';
  logger.warn(state, `a location is ${dark ? 'dark' : 'back'} ${whom}`);
  metrics.increment('location_changes_total', { location, scope, to: dark ? 'dark' : 'back' });
}

/** Parks events far in the past or future, because no partition can take them. */
function parkUntimely(batch: SortedBatch, weeks: Weeks, now: Date): SortedBatch {
  const parked = [...batch.unusable];
  const timely = (scheduledAt: string, message: unknown) => {
    if (weeks.takes(new Date(scheduledAt), now)) return true;
    parked.push(unusable(message, `scheduledAt ${scheduledAt} is too far from now`));
    return false;
  };
  const results = batch.results.filter((result) =>
    timely(result.scheduledAt, { v: 1, kind: 'check.completed', result }),
  );
  const rounds = batch.rounds.filter((round) => timely(round.scheduledAt, round));
  return { ...batch, results, rounds, unusable: parked };
}

/** Drops events of monitors that were deleted meanwhile. */
function ofKnownMonitors(batch: SortedBatch, owners: ReadonlyMap<string, string>): SortedBatch {
  return {
    ...batch,
    results: batch.results.filter((result) => owners.has(result.monitorId)),
    rounds: batch.rounds.filter((round) => owners.has(round.monitorId)),
    statuses: batch.statuses.filter((event) => owners.has(event.monitorId)),
  };
}

function monitorsOf({ results, rounds, statuses }: SortedBatch): string[] {
  return idsOf([...results, ...rounds, ...statuses]);
}

function idsOf(facts: readonly { readonly monitorId: string }[]): string[] {
  return [...new Set(facts.map(({ monitorId }) => monitorId))];
}

function count(
  ctx: CoreContext,
  batch: SortedBatch,
  { fresh, rounds, parked }: { fresh: readonly CheckResult[]; rounds: number; parked: number },
  seconds: number,
): void {
  ctx.metrics.observe('ingest_batch_seconds', seconds);
  ctx.metrics.increment('ingest_results_total', { outcome: 'stored' }, fresh.length);
  ctx.metrics.increment('ingest_results_total', { outcome: 'duplicate' }, batch.results.length - fresh.length);
  ctx.metrics.increment('ingest_rounds_total', { outcome: 'stored' }, rounds);
  ctx.metrics.increment('ingest_rounds_total', { outcome: 'duplicate' }, batch.rounds.length - rounds);
  for (const { reason, location } of fresh) {
    if (reason === 'overloaded') ctx.metrics.increment('checks_overloaded_total', { location });
  }
  if (parked === 0) return;
  ctx.metrics.increment('parked_messages_total', { consumer: 'ingest' }, parked);
  ctx.logger.warn({ parked, reason: batch.unusable[0]?.reason }, 'messages were parked');
}
