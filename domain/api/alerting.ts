import { z } from 'zod';
import { alertConditionSchema, SEVERITIES, severitySchema } from '../alert/alert.ts';
import { carriesCredentials } from '../base/url-credentials.ts';
import { isWebhookSecret } from '../base/webhook-secret.ts';
import { INCIDENT_STATUSES, TIMELINE_KINDS, UNREACHED_REASONS, WEBHOOK_EVENT_TYPES } from '../incident/incident.ts';
import { PAGE_COMPONENTS_MAX, PUBLIC_INCIDENT_STATUSES } from '../page/snapshot.ts';
import { listQuerySchema, name, timestamp } from './common.ts';
import { rowProblemSchema } from './row-problem.ts';

/* ---- alert rules ---- */

/** A monitor's own rules replace its default rule (quorum down once → critical). */
export const alertRuleCreateSchema = z.strictObject({
  name,
  monitorId: z.string(),
  condition: alertConditionSchema,
  severity: severitySchema.default('critical'),
  recoveryCount: z.int().min(1).max(100).default(1),
  /** null stands for all default channels. */
  channelIds: z.array(z.string()).max(20).nullable().default(null),
  notifyOnRecovery: z.boolean().default(true),
  runbookUrl: z
    .url({ protocol: /^https?$/ })
    .max(2048)
    .nullable()
    .default(null),
});
export const alertRuleSchema = z.object({
  id: z.string(),
  name: z.string(),
  monitorId: z.string(),
  condition: alertConditionSchema,
  severity: severitySchema,
  recoveryCount: z.int(),
  channelIds: z.array(z.string()).nullable(),
  notifyOnRecovery: z.boolean(),
  runbookUrl: z.string().nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
  problem: rowProblemSchema.optional(),
});
export type AlertRule = z.infer<typeof alertRuleSchema>;
export const alertRuleListQuerySchema = listQuerySchema.extend({ monitorId: z.string().optional() });

/* ---- incidents ---- */

export const timelineEntrySchema = z.object({
  id: z.string(),
  kind: z.enum(TIMELINE_KINDS),
  at: timestamp,
  actor: z.object({ type: z.enum(['system', 'user', 'api_key']), id: z.string().nullable(), name: z.string() }),
  /** One sentence or the note's text. */
  text: z.string(),
  /** Kind-specific facts: failing locations, channel, public status. */
  data: z.record(z.string(), z.json()),
  problem: rowProblemSchema.optional(),
});
export type TimelineEntry = z.infer<typeof timelineEntrySchema>;

export const incidentSchema = z.object({
  id: z.string(),
  title: z.string(),
  status: z.enum(INCIDENT_STATUSES),
  severity: z.enum(SEVERITIES),
  monitorId: z.string().nullable(),
  monitorName: z.string().nullable(),
  alertId: z.string().nullable(),
  summary: z.string(),
  publicStatus: z.enum(PUBLIC_INCIDENT_STATUSES),
  /** Whether a channel has received a message about it: `at` is the first delivery, `reason` says why nobody has. */
  reach: z.object({
    status: z.enum(['pending', 'reached', 'nobody']),
    at: timestamp.nullable(),
    reason: z.enum(UNREACHED_REASONS).nullable(),
  }),
  startedAt: timestamp,
  acknowledgedAt: timestamp.nullable(),
  resolvedAt: timestamp.nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
  problem: rowProblemSchema.optional(),
});
export type Incident = z.infer<typeof incidentSchema>;
const publishedPageSchema = z.object({ pageId: z.string(), componentIds: z.array(z.string()) });
export type PublishedPage = z.infer<typeof publishedPageSchema>;
export const incidentDetailSchema = incidentSchema.extend({
  timeline: z.array(timelineEntrySchema),
  /** Status pages that show an incident without a monitor; always empty for one with a monitor. */
  pages: z.array(publishedPageSchema),
});
export type IncidentDetail = z.infer<typeof incidentDetailSchema>;

export const incidentListQuerySchema = listQuerySchema.extend({
  status: z.enum(INCIDENT_STATUSES).optional(),
  severity: severitySchema.optional(),
  monitorId: z.string().optional(),
});
/** Most status pages on which an incident is published. */
const PUBLISHED_PAGES_MAX = 50;
const publishedPagesSchema = z
  .array(
    z.strictObject({
      pageId: z.string(),
      /** The components it is about; without any it is about the page as a whole. */
      componentIds: z.array(z.string()).max(PAGE_COMPONENTS_MAX).default([]),
    }),
  )
  .max(PUBLISHED_PAGES_MAX);
/** PUT /incidents/{id}/pages: replaces the status pages that show an incident without a monitor. */
export const incidentPagesSchema = z.strictObject({ pages: publishedPagesSchema });

/** POST /incidents: opened by a person. */
export const incidentCreateSchema = z.strictObject({
  title: name,
  severity: severitySchema.default('major'),
  monitorId: z.string().nullish(),
  summary: z.string().max(2000).default(''),
  /** Status pages that show it, when it has no monitor. */
  pages: publishedPagesSchema.optional(),
});
export const incidentNoteSchema = z.strictObject({ text: z.string().trim().min(1).max(10_000) });
/** POST /incidents/{id}/updates: shown on status pages. */
export const incidentUpdateSchema = z.strictObject({
  status: z.enum(PUBLIC_INCIDENT_STATUSES),
  body: z.string().trim().min(1).max(10_000),
});

/* ---- channels ---- */

export const webhookConfigSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
    .max(2048)
    // fetch() refuses them, and logs of proxies hold them.
    .refine((value) => !carriesCredentials(value), 'put credentials into headers, not into the URL'),
  /** Standard Webhooks: `whsec_` and 24 to 64 bytes in base64; made when missing. */
  secret: z.string().refine(isWebhookSecret, 'must be whsec_ and base64 of 24 to 64 bytes').optional(),
  headers: z.record(z.string().max(128), z.string().max(8192)).default({}),
});

const channelSettings = { name, default: z.boolean().default(true), enabled: z.boolean().default(true) };

export const channelCreateSchema = z.discriminatedUnion('type', [
  z.strictObject({ ...channelSettings, type: z.literal('webhook'), config: webhookConfigSchema }),
]);

export const DISABLED_REASONS = ['by_hand', 'gone'] as const;
export const DELIVERY_STATUSES = ['pending', 'delivered', 'failed', 'dead'] as const;

export const channelSchema = z.object({
  id: z.string(),
  name: z.string(),
  type: z.enum(['webhook']),
  default: z.boolean(),
  enabled: z.boolean(),
  /** Without the secret; of the URL scheme and host, of headers the names are shown: the rest may be a credential. */
  config: z.object({ url: z.string(), headers: z.record(z.string(), z.string()) }),
  /** When and why it was switched off; null while it is on, and where a version before did not write it down. */
  disabledAt: timestamp.nullable(),
  /** `gone`: its endpoint answered 410 Gone. */
  disabledReason: z.enum(DISABLED_REASONS).nullable(),
  /** First failed attempt since the last delivery; null while it takes its messages. */
  failingSince: timestamp.nullable(),
  /** Code of the latest failed attempt, as in its deliveries, and the status that it answered, if it did. */
  lastError: z.string().nullable(),
  lastStatusCode: z.int().nullable(),
  lastDelivery: z.object({ status: z.enum(DELIVERY_STATUSES), at: timestamp }).nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
  problem: rowProblemSchema.optional(),
});
export type Channel = z.infer<typeof channelSchema>;
/** `config.secret` is shown in this answer only. */
export const channelCreatedSchema = channelSchema.extend({
  config: channelSchema.shape.config.extend({ secret: z.string() }),
});

export const deliverySchema = z.object({
  id: z.string(),
  type: z.enum(WEBHOOK_EVENT_TYPES),
  incidentId: z.string().nullable(),
  status: z.enum(DELIVERY_STATUSES),
  createdAt: timestamp,
  nextAttemptAt: timestamp.nullable(),
  attempts: z.array(
    z.object({
      at: timestamp,
      durationMs: z.number(),
      statusCode: z.int().nullable(),
      /** Stable code when it failed (docs/webhooks.md); null when it was delivered. */
      error: z.string().nullable(),
      detail: z.string().nullable(),
    }),
  ),
  problem: rowProblemSchema.optional(),
});
export type Delivery = z.infer<typeof deliverySchema>;
