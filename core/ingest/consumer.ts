import { parkMessages } from '#db/sql/park-messages.ts';
import { storeLocationStates } from '#db/sql/store-location-states.ts';
import { storeResults } from '#db/sql/store-results.ts';
import { restoreStatuses, type StatusChange, storeStatuses } from '#db/sql/store-statuses.ts';
import type { CheckResult } from '#domain/check/result.ts';
import type { CoreContext, StreamConsumer } from '../context.ts';
import { requestPagesOfMonitors } from '../publish/request.ts';
import { CONSUMER_KINDS } from '../streams/consumer-kinds.ts';
import { type SortedBatch, sortBatch, unusable } from './sort-batch.ts';
import { emitResults, emitStatuses } from './tell.ts';
import { Tenants } from './tenants.ts';
import { Weeks } from './weeks.ts';

/** What a batch changed: told to browsers after the commit. */
interface Outcome {
  readonly stored: ReadonlySet<string>;
  readonly changes: readonly StatusChange[];
}

/** The consumer that stores what the edge observed. Its handler is the table of contents of ingest. */
export function createIngest(ctx: CoreContext): StreamConsumer {
  const tenants = new Tenants(ctx.sql);
  const weeks = new Weeks(ctx.sql);

  return {
    name: 'ingest',
    kinds: CONSUMER_KINDS.ingest,
    async handle(messages) {
      const startedAt = performance.now();
      const sorted = parkUntimely(sortBatch(messages), weeks, ctx.clock.now());
      const owners = await tenants.of([
        ...sorted.results.map((result) => result.monitorId),
        ...sorted.statuses.map((event) => event.monitorId),
      ]);
      const batch = ofKnownMonitors(sorted, owners);
      await weeks.ensure(batch.results.map((result) => new Date(result.scheduledAt)));
      const outcome = await store(ctx, batch);
      const fresh = batch.results.filter((result) => outcome.stored.has(result.id));
      emitResults(ctx, fresh, owners);
      emitStatuses(ctx, outcome.changes);
      count(ctx, batch, fresh, (performance.now() - startedAt) / 1000);
    },
  };
}

/** Everything of a batch in one transaction: the acknowledgement that follows speaks for all of it. */
async function store(ctx: CoreContext, batch: SortedBatch): Promise<Outcome> {
  return ctx.db.transaction(async (tx) => {
    await parkMessages(tx, batch.unusable);
    const stored = batch.results.length > 0 ? await storeResults(tx, batch.results) : new Set<string>();
    const changes = batch.statuses.length > 0 ? await storeStatuses(tx, batch.statuses) : [];
    const restored = stored.size > 0 ? await restoreStatuses(tx, monitorsOf(batch.results)) : [];
    const changed = [...changes, ...restored];
    if (changed.length > 0) {
      await requestPagesOfMonitors(
        tx,
        changed.map((change) => change.monitorId),
      );
    }
    if (batch.locations.length > 0) {
      for (const state of await storeLocationStates(tx, batch.locations)) {
        ctx.logger.warn(state, state.dark ? 'a location is dark' : 'a location is back');
      }
    }
    return { stored, changes: changed };
  });
}

/** No partition can take a result from a far time; it is kept for people instead. */
function parkUntimely(batch: SortedBatch, weeks: Weeks, now: Date): SortedBatch {
  const results: CheckResult[] = [];
  const parked = [...batch.unusable];
  for (const result of batch.results) {
    if (weeks.takes(new Date(result.scheduledAt), now)) results.push(result);
    else {
      const message = { v: 1, kind: 'check.completed', result };
      parked.push(unusable(message, `scheduledAt ${result.scheduledAt} is too far from now`));
    }
  }
  return { ...batch, results, unusable: parked };
}

/** What arrives of a monitor that was deleted meanwhile is of no use to anybody. */
function ofKnownMonitors(batch: SortedBatch, owners: ReadonlyMap<string, string>): SortedBatch {
  return {
    ...batch,
    results: batch.results.filter((result) => owners.has(result.monitorId)),
    statuses: batch.statuses.filter((event) => owners.has(event.monitorId)),
  };
}

function monitorsOf(results: readonly CheckResult[]): string[] {
  return [...new Set(results.map((result) => result.monitorId))];
}

function count(ctx: CoreContext, batch: SortedBatch, fresh: readonly CheckResult[], seconds: number): void {
  ctx.metrics.observe('ingest_batch_seconds', seconds);
  ctx.metrics.increment('ingest_results_total', { outcome: 'stored' }, fresh.length);
  ctx.metrics.increment('ingest_results_total', { outcome: 'duplicate' }, batch.results.length - fresh.length);
  if (batch.unusable.length === 0) return;
  ctx.metrics.increment('parked_messages_total', { consumer: 'ingest' }, batch.unusable.length);
  ctx.logger.warn({ parked: batch.unusable.length, reason: batch.unusable[0]?.reason }, 'messages were parked');
}
