import { eq, sql } from 'drizzle-orm';
import { requestPage, requestPageRemoval } from '#core/publish/request.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { statusPages } from '#db/schema.ts';
import { type StatusPage, statusPageCreateSchema } from '#domain/api/status-page.ts';
import { authorize } from '../authorize.ts';
import { type Revised, requireRevision } from '../expected-revision.ts';
import { mergePatch } from '../merge-patch.ts';
import { isLost } from '../read-tolerantly.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext, RequestUnit } from '../request-context.ts';
import { validated } from '../validated.ts';
import { orSlugTaken } from './slug-taken.ts';
import { findPage, presentPage, readAnswer, readComponents, requirePublic } from './stored.ts';
import { writeComponents } from './write-components.ts';

/** Applies a merge patch. `components` is replaced as a whole; components with a known id are kept. */
export async function updateStatusPage(
  ctx: RequestContext,
  id: string,
  patch: Record<string, unknown>,
  ifMatch?: string,
): Promise<Revised<StatusPage>> {
  authorize(ctx, 'write');
  return orSlugTaken(
    inUnit(ctx, (ctx) =>
      changePage(ctx, id, {
        action: 'status_page.update',
        ifMatch,
        givesVisibility: 'visibility' in patch,
        patched: (page) => mergePatch(page, patch),
      }),
    ),
  );
}

/** One change of a page. A change of a component is a change of its page. */
export async function changePage(
  ctx: RequestUnit,
  id: string,
  change: {
    action: string;
    ifMatch?: string | undefined;
    /** A visibility that cannot be read stays as it is stored unless the change gives one. */
    givesVisibility?: boolean;
    /** Computes the changed page from the stored one. */
    patched: (
      page: Pick<StatusPage, 'name' | 'slug' | 'description' | 'visibility' | 'showMonitorNames' | 'components'>,
    ) => unknown;
  },
): Promise<Revised<StatusPage>> {
  const row = await findPage(ctx, id, true);
  requireRevision(change.ifMatch, row.revision);
  const before = presentPage(ctx, row, await readComponents(ctx.db, [id]));
  const { name, slug, description, visibility, showMonitorNames, components } = before;
  const written = { name, slug, description, visibility, showMonitorNames, components };
  const input = validated(statusPageCreateSchema, change.patched(written));
  requirePublic(input);
  await ctx.db
    .update(statusPages)
    .set({
      name: input.name,
      slug: input.slug,
      description: input.description ?? null,
      showMonitorNames: input.showMonitorNames,
      ...(isLost(before.problem, 'visibility') && change.givesVisibility !== true
        ? {}
        : { visibility: input.visibility }),
      revision: sql`${statusPages.revision} + 1`,
      updatedAt: ctx.clock.now(),
    })
    .where(eq(statusPages.id, id));
  await writeComponents(ctx, id, input.components);
  if (input.slug !== slug) await requestPageRemoval(ctx.db, slug);
  await requestPage(ctx.db, id);
  const answer = await readAnswer(ctx, id);
  await recordAudit(ctx, {
    action: change.action,
    targetType: 'status_page',
    targetId: id,
    before,
    after: answer.object,
  });
  return answer;
}
