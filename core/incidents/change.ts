import { eq } from 'drizzle-orm';
import { incidents, monitors } from '#db/schema.ts';
import type { Severity } from '#domain/alert/alert.ts';
import type { Incident } from '#domain/api/alerting.ts';
import { derivedTraceId, newId } from '#domain/base/id.ts';
import {
  type IncidentChange,
  type IncidentTransition,
  openedIncident,
  reduceIncident,
} from '#domain/incident/incident.ts';
import type { Actor } from '../context.ts';
import { enqueueIncident } from '../notify/enqueue.ts';
import { ProblemError } from '../platform/problem-error.ts';
import { requestPages, requestPagesOfMonitor } from '../publish/request.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { announceIncident } from './announce.ts';
import { appendTimeline } from './append-timeline.ts';
import { type IncidentRow, presentIncident } from './present.ts';
import { publishedPages } from './published-pages.ts';

export interface IncidentInput {
  readonly organizationId: string;
  readonly title: string;
  readonly summary: string;
  readonly severity: Severity;
  readonly monitorId: string | null;
  /** Set when an alert opened it. */
  readonly alert?: { readonly id: string; readonly ruleId: string } | undefined;
  /** Start of the trouble; now by default. */
  readonly startedAt?: Date | undefined;
  /** When the edge judged it; now by default. */
  readonly at?: Date | undefined;
  /** Facts for the first line of the timeline. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  readonly traceId?: string | undefined;
}

/** Opens an incident with its first timeline line and its notifications, in one transaction. */
export async function openIncident(ctx: UnitOfWork, input: IncidentInput, actor: Actor): Promise<Incident> {
  const now = ctx.clock.now();
  const id = newId('inc', now.getTime(), ctx.clock.random(10));
  const transition = openedIncident(input.summary === '' ? input.title : input.summary);
  const [row] = await ctx.db
    .insert(incidents)
    .values({
      id,
      organizationId: input.organizationId,
      alertId: input.alert?.id ?? null,
      ruleId: input.alert?.ruleId ?? null,
      monitorId: input.monitorId,
      title: input.title,
      summary: input.summary,
      ...transition.state,
      severity: input.severity,
      startedAt: input.startedAt ?? now,
      traceId: input.traceId ?? derivedTraceId(id),
      createdAt: now,
      updatedAt: now,
    })
    .returning();
  if (row === undefined) throw new ProblemError('internal');
  return settle(ctx, row, transition, actor, input.at ?? now, input.data);
}

/**
 * Changes an incident by domain/incident/incident.ts: row, timeline, notifications and pages in one transaction. Throws
 * ProblemError `conflict` when the change is not possible, `not_found` without such an incident. `quietly` sends no
 * notifications. `at` is the time of the event, now by default: the core may have been down when the edge judged it.
 */
export async function changeIncident(
  ctx: UnitOfWork,
  incidentId: string,
  change: IncidentChange,
  actor: Actor,
  options: { readonly quietly?: boolean; readonly at?: Date } = {},
): Promise<Incident> {
  // The row lock makes decision and write one step: a concurrent change decides on the new state.
  const [before] = await ctx.db.select().from(incidents).where(eq(incidents.id, incidentId)).for('update');
  if (before === undefined) throw new ProblemError('not_found');
  const transition = reduceIncident(before, change);
  if (transition.refused) throw new ProblemError('conflict', transition.message);
  const now = ctx.clock.now();
  const at = options.at ?? now;
  const [row] = await ctx.db
    .update(incidents)
    .set({ ...transition.state, ...timesOf(before, transition, at), revision: before.revision + 1, updatedAt: now })
    .where(eq(incidents.id, incidentId))
    .returning();
  if (row === undefined) throw new ProblemError('not_found');
  return settle(ctx, row, options.quietly ? { ...transition, webhook: null } : transition, actor, at);
}

/** Times of acknowledgement and resolution. Re-opening clears both. */
function timesOf(before: IncidentRow, { state }: IncidentTransition, at: Date) {
  return {
    acknowledgedAt:
      state.status === 'open' ? null : (before.acknowledgedAt ?? (state.status === 'acknowledged' ? at : null)),
    resolvedAt: state.status === 'resolved' ? (before.resolvedAt ?? at) : null,
  };
}

/** Writes the consequences of a changed row. */
async function settle(
  ctx: UnitOfWork,
  row: IncidentRow,
  transition: IncidentTransition,
  actor: Actor,
  at: Date,
  data?: Readonly<Record<string, unknown>>,
): Promise<Incident> {
  await appendTimeline(ctx, row.id, transition.entry, actor, at, data);
  const reach = transition.webhook === null ? row : await enqueueIncident(ctx, row, transition.webhook);
  const [monitor] =
    row.monitorId === null
      ? []
      : await ctx.db.select({ name: monitors.name }).from(monitors).where(eq(monitors.id, row.monitorId));
  if (row.monitorId !== null) await requestPagesOfMonitor(ctx.db, row.monitorId);
  else
    await requestPages(
      ctx.db,
      (await publishedPages(ctx.db, row.id)).map(({ pageId }) => pageId),
    );
  await announceIncident(ctx.db, row.organizationId, row.id);
  return presentIncident({ ...row, ...reach }, monitor?.name ?? null);
}
