import { and, asc, eq, inArray } from 'drizzle-orm';
import type { z } from 'zod';
import type { CoreContext, Database, Transaction } from '#core/context.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import { publicUrl } from '#core/publish/public-url.ts';
import { pageComponents, statusPages } from '#db/schema.ts';
import {
  type componentSchema,
  type StatusPage,
  type statusPageCreateSchema,
  statusPageSchema,
} from '#domain/api/status-page.ts';
import type { Revised } from '../expected-revision.ts';
import { readTolerantly } from '../read-tolerantly.ts';
import type { RequestReader, RequestUnit } from '../request-context.ts';

const visibilitySchema = statusPageSchema.shape.visibility;
export type PageRow = typeof statusPages.$inferSelect;
export type ComponentRow = typeof pageComponents.$inferSelect;
export type StatusPageInput = z.output<typeof statusPageCreateSchema>;
export type Component = z.infer<typeof componentSchema>;

/** A page of the caller's organisation; throws not_found. `lock` locks the row for a change. */
export async function findPage(ctx: RequestReader, id: string, lock = false): Promise<PageRow> {
  const query = ctx.db
    .select()
    .from(statusPages)
    .where(and(eq(statusPages.id, id), eq(statusPages.organizationId, ctx.caller.organizationId)));
  const [row] = lock ? await query.for('update') : await query;
  if (row === undefined) throw new ProblemError('not_found');
  return row;
}

/** Components of pages in their order. */
export function readComponents(db: Database | Transaction, pageIds: readonly string[]): Promise<ComponentRow[]> {
  return db
    .select()
    .from(pageComponents)
    .where(inArray(pageComponents.pageId, [...pageIds]))
    .orderBy(asc(pageComponents.position), asc(pageComponents.id));
}

/** The page as the database has it, including a version that was just increased. */
export async function readAnswer(ctx: RequestUnit, id: string): Promise<Revised<StatusPage>> {
  const row = await findPage(ctx, id);
  return { object: presentPage(ctx, row, await readComponents(ctx.db, [id])), revision: row.revision };
}

export function presentPage(
  ctx: Pick<CoreContext, 'config'>,
  row: PageRow,
  components: readonly ComponentRow[],
): StatusPage {
  // The one visibility of this version stands in for one that cannot be read.
  const { value: visibility, problem } = readTolerantly((part) =>
    part('visibility', 'value_unreadable', () => visibilitySchema.parse(row.visibility), 'public' as const),
  );
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    description: row.description,
    visibility,
    showMonitorNames: row.showMonitorNames,
    components: components.map(presentComponent),
    url: publicUrl(ctx.config, row.slug),
    version: row.version,
    publishedVersion: row.publishedVersion === 0 ? null : row.publishedVersion,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    ...(problem === undefined ? {} : { problem }),
  };
}

export function presentComponent(row: ComponentRow): Component {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    group: row.groupName,
    monitorId: row.monitorId,
  };
}

export function requirePublic(input: Pick<StatusPageInput, 'visibility'>): asserts input is { visibility: 'public' } {
  if (input.visibility === 'public') return;
  const message = 'Status pages are public in this version.';
  throw new ProblemError('not_supported', message, { errors: [{ path: 'visibility', message }] });
}
