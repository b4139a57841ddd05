import { and, desc, eq } from 'drizzle-orm';
import type { z } from 'zod';
import { auditLog } from '#db/schema.ts';
import { type AuditEntry, auditEntrySchema } from '#domain/api/audit-log.ts';
import type { List, listQuerySchema } from '#domain/api/common.ts';
import { authorize } from '../authorize.ts';
import { afterCursor, pageOf } from '../page.ts';
import { readTolerantly } from '../read-tolerantly.ts';
import type { RequestContext } from '../request-context.ts';

/** Newest first. */
export async function listAuditLog(
  ctx: RequestContext,
  query: z.output<typeof listQuerySchema>,
): Promise<List<AuditEntry>> {
  authorize(ctx, 'admin');
  const rows = await ctx.db
    .select()
    .from(auditLog)
    .where(and(eq(auditLog.organizationId, ctx.caller.organizationId), afterCursor(auditLog.id, 'evt', query.cursor)))
    .orderBy(desc(auditLog.id))
    .limit(query.limit + 1);
  return pageOf(rows, query.limit, (row) => [row.id], presentEntry);
}

function presentEntry(row: typeof auditLog.$inferSelect): AuditEntry {
  const { actor, before } = auditEntrySchema.shape;
  const { value, problem } = readTolerantly((part) => ({
    actor: {
      type: part('actor.type', 'kind_unknown', () => actor.shape.type.parse(row.actorType), 'system' as const),
      id: row.actorId,
      name: row.actorName,
    },
    before: part('before', 'value_unreadable', () => before.parse(row.before), null),
    after: part('after', 'value_unreadable', () => before.parse(row.after), null),
  }));
  return {
    id: row.id,
    at: row.createdAt.toISOString(),
    ...value,
    action: row.action,
    target: { type: row.targetType, id: row.targetId },
    ip: row.ip,
    traceId: row.traceId,
    ...(problem === undefined ? {} : { problem }),
  };
}
