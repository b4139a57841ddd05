import { requestPage } from '#core/publish/request.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { statusPages } from '#db/schema.ts';
import type { StatusPage } from '#domain/api/status-page.ts';
import { authorize } from '../authorize.ts';
import type { Revised } from '../expected-revision.ts';
import { newId } from '../new-id.ts';
import { requireQuota } from '../quota.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { orSlugTaken } from './slug-taken.ts';
import { readAnswer, requirePublic, type StatusPageInput } from './stored.ts';
import { writeComponents } from './write-components.ts';

/** Creates a page. The page is public as soon as the edge has its first snapshot, a moment later. */
export async function createStatusPage(ctx: RequestContext, input: StatusPageInput): Promise<Revised<StatusPage>> {
  authorize(ctx, 'write');
  requirePublic(input);
  const now = ctx.clock.now();
  const id = newId(ctx, 'stp');
  const work = inUnit(ctx, async (ctx) => {
    await requireQuota(ctx, 'statusPages');
    await ctx.db.insert(statusPages).values({
      id,
      organizationId: ctx.caller.organizationId,
      name: input.name,
      slug: input.slug,
      description: input.description ?? null,
      visibility: input.visibility,
      showMonitorNames: input.showMonitorNames,
      createdAt: now,
      updatedAt: now,
    });
    await writeComponents(ctx, id, input.components);
    await requestPage(ctx.db, id);
    const answer = await readAnswer(ctx, id);
    await recordAudit(ctx, {
      action: 'status_page.create',
      targetType: 'status_page',
      targetId: id,
      after: answer.object,
    });
    return answer;
  });
  return orSlugTaken(work);
}
