import type { UnitOfWork } from '#core/unit-of-work.ts';
import { auditLog } from '#db/schema.ts';
import { newId } from './new-id.ts';
import type { Caller } from './request-context.ts';

export interface AuditEntry {
  /** `<noun>.<verb>`, for instance `monitor.create`. */
  readonly action: string;
  readonly targetType: string;
  readonly targetId: string | null;
  /** The object in the form of answers (without secrets) before and after the change. */
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Who makes the change, in whose organisation: a request, or BlackTide itself. */
interface AuditedUnit extends UnitOfWork {
  readonly caller: Pick<Caller, 'organizationId' | 'actor'>;
  readonly traceId: string;
  readonly ip: string;
}

/** Part of every transaction with a change: no change is committed without its audit row. */
export async function recordAudit(ctx: AuditedUnit, entry: AuditEntry): Promise<void> {
  const { actor, organizationId } = ctx.caller;
  await ctx.db.insert(auditLog).values({
    id: newId(ctx, 'evt'),
    organizationId,
    actorType: actor.type,
    actorId: actor.id,
    actorName: actor.name,
    action: entry.action,
    targetType: entry.targetType,
    targetId: entry.targetId,
    before: entry.before ?? null,
    after: entry.after ?? null,
    ip: ctx.ip,
    traceId: ctx.traceId,
    createdAt: ctx.clock.now(),
  });
}
