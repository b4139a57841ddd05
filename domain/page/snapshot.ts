import { z } from 'zod';
import { SEVERITIES } from '../alert/alert.ts';
import { MONITOR_STATUSES } from '../check/status.ts';

/** The snapshot of a status page at the edge: everything needed to render the page while the core is down. */

export const SLUG_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
export const slugSchema = z.string().regex(SLUG_PATTERN, 'use a-z, 0-9 and hyphens, at most 63 characters');
export const PAGE_COMPONENTS_MAX = 200;
export const PAGE_DAYS = 90;
/** Resolved incidents stay on a page this many days, as on Atlassian's. */
export const PAGE_HISTORY_DAYS = 14;
/** Resolved incidents of a page, newest first. Of a page with more, the history says from when it is complete. */
export const PAGE_PAST_INCIDENTS_MAX = 50;
/**
 * Open incidents of a page: more than one for each of the 200 components. Of a page with more, the others are counted.
 * With their titles they are 200 KB of a snapshot, whose row at the edge holds 2 MB.
 */
export const PAGE_OPEN_INCIDENTS_MAX = 400;

/** One UTC day, a bar of the chart. `uptimePercent` is null when nothing was judged. */
export const componentDaySchema = z.object({
  date: z.iso.date(),
  uptimePercent: z.number().min(0).max(100).nullable(),
  downSeconds: z.number().min(0),
  /** Time of the day with a verdict, where that is not the whole day: `uptimePercent` is a part of this time. */
  measuredSeconds: z.number().min(0).optional(),
});
export type ComponentDay = z.infer<typeof componentDaySchema>;

export const pageComponentSchema = z.object({
  id: z.string().startsWith('cmp_'),
  name: z.string(),
  description: z.string().nullable(),
  group: z.string().nullable(),
  monitored: z.boolean(),
  /** The status in the core when the snapshot was made; a newer state from the shard overrides it. */
  status: z.enum(MONITOR_STATUSES),
  statusSince: z.iso.datetime().nullable(),
  /** When the edge judged `status` (MonitorStatusEvent.at). The later of two times decides which status is newer. */
  observedAt: z.iso.datetime().nullable(),
  uptimePercent: z.number().min(0).max(100).nullable(),
  /** The first verdict behind `uptimePercent`; null when the verdicts cover the whole window. */
  uptimeSince: z.iso.datetime().nullish(),
  /** Oldest first, PAGE_DAYS entries at most; the last one is today. */
  days: z.array(componentDaySchema).max(PAGE_DAYS),
  createdAt: z.iso.datetime(),
});
export type PageComponent = z.infer<typeof pageComponentSchema>;

export const PUBLIC_INCIDENT_STATUSES = ['investigating', 'identified', 'monitoring', 'resolved'] as const;

export const pageIncidentSchema = z.object({
  id: z.string().startsWith('inc_'),
  title: z.string(),
  status: z.enum(PUBLIC_INCIDENT_STATUSES),
  severity: z.enum(SEVERITIES),
  startedAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  resolvedAt: z.iso.datetime().nullable(),
  componentIds: z.array(z.string()),
  /** Newest first. */
  updates: z
    .array(
      z.object({
        id: z.string(),
        status: z.enum(PUBLIC_INCIDENT_STATUSES),
        body: z.string(),
        at: z.iso.datetime(),
      }),
    )
    .max(100),
});
export type PageIncident = z.infer<typeof pageIncidentSchema>;

export const pageSnapshotSchema = z.object({
  v: z.literal(1),
  slug: slugSchema,
  /** The page's public address, for links in feed and JSON; a core of an earlier version sends none. */
  url: z.url().optional(),
  pageId: z.string().startsWith('stp_'),
  /** Monotonic: an older version never replaces a newer one. */
  version: z.int().min(1),
  name: z.string(),
  description: z.string().nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  components: z.array(pageComponentSchema).max(PAGE_COMPONENTS_MAX),
  /** Open ones, and those resolved in the last PAGE_HISTORY_DAYS; the one that began last comes first. */
  incidents: z.array(pageIncidentSchema).max(PAGE_OPEN_INCIDENTS_MAX + PAGE_PAST_INCIDENTS_MAX),
  /** Number of open incidents beyond PAGE_OPEN_INCIDENTS_MAX. */
  moreOpenIncidents: z.int().min(0).optional(),
  /** Resolved incidents that ended earlier are not in the snapshot; null when all of PAGE_HISTORY_DAYS are. */
  historySince: z.iso.datetime().nullish(),
});
export type PageSnapshot = z.infer<typeof pageSnapshotSchema>;

/** The current state of a component, sent by the shard to the page object. */
export const componentStateSchema = z.object({
  componentId: z.string(),
  status: z.enum(MONITOR_STATUSES),
  since: z.iso.datetime(),
  observedAt: z.iso.datetime(),
});
export type ComponentState = z.infer<typeof componentStateSchema>;

/**
 * Answer of the page object to the status-pages Worker: `GET https://page/view` → 200 PageView, or 404. `revision`
 * changes with every change of content by shard or core; caches are keyed by it.
 */
export const pageViewSchema = z.object({ revision: z.int(), page: pageSnapshotSchema });
export type PageView = z.infer<typeof pageViewSchema>;

/**
 * The object with the list of all pages: `GET https://pages/{slug}` → 204 or 404. The status-pages Worker asks it
 * first, because a request to a page's own object would create that object.
 */
export const PAGE_DIRECTORY_NAME = 'all';
