import { and, desc, eq } from 'drizzle-orm';
import type { z } from 'zod';
import { auditLog } from '#db/schema.ts';
import { type AuditEntry, auditEntrySchema } from '#domain/api/audit-log.ts';
import type { List, listQuerySchema } from '#domain/api/common.ts';
import { authorize } from '../authorize.ts';
import { afterCursor, pageOf } from '../page.ts';
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
  return auditEntrySchema.parse({
    id: row.id,
    at: row.createdAt.toISOString(),
    actor: { type: row.actorType, id: row.actorId, name: row.actorName },
    action: row.action,
    target: { type: row.targetType, id: row.targetId },
    before: row.before,
    after: row.after,
    ip: row.ip,
    traceId: row.traceId,
  });
}
