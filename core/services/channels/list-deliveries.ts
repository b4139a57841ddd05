import { and, asc, desc, eq, inArray } from 'drizzle-orm';
import type { z } from 'zod';
import { notificationAttempts, notifications } from '#db/schema.ts';
import { type Delivery, deliverySchema } from '#domain/api/alerting.ts';
import type { List, listQuerySchema } from '#domain/api/common.ts';
import { authorize } from '../authorize.ts';
import { afterCursor, pageOf } from '../page.ts';
import { readTolerantly } from '../read-tolerantly.ts';
import type { RequestContext } from '../request-context.ts';
import { findChannel } from './stored.ts';

type AttemptRow = typeof notificationAttempts.$inferSelect;

/** Newest first, each with all of its attempts. */
export async function listDeliveries(
  ctx: RequestContext,
  channelId: string,
  query: z.output<typeof listQuerySchema>,
): Promise<List<Delivery>> {
  authorize(ctx, 'read');
  await findChannel(ctx, channelId);
  const rows = await ctx.db
    .select()
    .from(notifications)
    .where(and(eq(notifications.channelId, channelId), afterCursor(notifications.id, 'dlv', query.cursor)))
    .orderBy(desc(notifications.id))
    .limit(query.limit + 1);
  const attempts =
    rows.length === 0
      ? []
      : await ctx.db
          .select()
          .from(notificationAttempts)
          .where(
            inArray(
              notificationAttempts.notificationId,
              rows.map((row) => row.id),
            ),
          )
          .orderBy(asc(notificationAttempts.id));
  const attemptsOf = Map.groupBy(attempts, (attempt) => attempt.notificationId);
  const present = (row: (typeof rows)[number]) => presentDelivery(row, attemptsOf.get(row.id) ?? []);
  return pageOf(rows, query.limit, (row) => [row.id], present);
}

function presentDelivery(row: typeof notifications.$inferSelect, attempts: readonly AttemptRow[]): Delivery {
  const waiting = row.status === 'pending' || row.status === 'failed';
  const { value, problem } = readTolerantly((part) => ({
    type: part('type', 'kind_unknown', () => deliverySchema.shape.type.parse(row.type), 'test' as const),
    status: part('status', 'value_unreadable', () => deliverySchema.shape.status.parse(row.status), 'dead' as const),
  }));
  return {
    id: row.id,
    ...value,
    incidentId: row.incidentId,
    createdAt: row.createdAt.toISOString(),
    nextAttemptAt: waiting ? (row.nextAttemptAt?.toISOString() ?? null) : null,
    attempts: attempts.map((attempt) => ({
      at: attempt.at.toISOString(),
      durationMs: attempt.durationMs,
      statusCode: attempt.statusCode,
      error: attempt.error,
      detail: attempt.detail,
    })),
    ...(problem === undefined ? {} : { problem }),
  };
}
