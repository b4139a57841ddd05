import { and, desc, eq } from 'drizzle-orm';
import { z } from 'zod';
import { incidentTimeline } from '#db/schema.ts';
import type { PublishedPage } from '#domain/api/alerting.ts';
import type { Database, Transaction } from '../context.ts';

/**
 * The pages on which an incident without a monitor is published stand in the `published` entries of its timeline. The
 * newest entry counts, and the older ones are the record of what people could read when.
 */
const publishedSchema = z.object({
  pages: z.array(z.object({ pageId: z.string(), componentIds: z.array(z.string()) })),
});

/** The pages in the data of a `published` entry. */
export function pagesIn(data: unknown): PublishedPage[] {
  return publishedSchema.parse(data).pages;
}

/** Where the incident is published now. */
export async function publishedPages(db: Database | Transaction, incidentId: string): Promise<PublishedPage[]> {
  const [newest] = await db
    .select({ data: incidentTimeline.data })
    .from(incidentTimeline)
    .where(and(eq(incidentTimeline.incidentId, incidentId), eq(incidentTimeline.kind, 'published')))
    .orderBy(desc(incidentTimeline.at), desc(incidentTimeline.id))
    .limit(1);
  return newest === undefined ? [] : pagesIn(newest.data);
}
