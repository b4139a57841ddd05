import { z } from 'zod';
import { tolerant } from '../base/tolerant.ts';
import { httpConfigSchema, locationIdSchema } from '../check/monitor.ts';
import { checkResultSchema, reasonSchema } from '../check/result.ts';
import { MONITOR_STATUSES, VERDICTS } from '../check/status.ts';
import { testAnswerSchema } from '../wire/wire.ts';
import { timestamp } from './common.ts';
import { rowProblemSchema } from './row-problem.ts';

/**
 * Schemas of the API's answers about monitors. They are apart from the schemas of requests (monitor.ts), because those
 * load the engines that compile expressions, which the dashboard's first load does not need.
 */

/**
 * `config.auth` in answers, without the password or token. A PATCH that sends this object back, or leaves the secret
 * out, keeps the stored secret; `auth: null` removes it.
 */
export const shownAuthSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('basic'), username: z.string() }),
  z.object({ type: z.literal('bearer') }),
]);
const shownSpecSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('http'), config: httpConfigSchema.extend({ auth: shownAuthSchema.optional() }) }),
]);

export const locationStatusSchema = z.object({
  id: locationIdSchema,
  status: z.enum(['pending', 'up', 'down', 'unknown']),
  lastCheckAt: timestamp.nullable(),
  responseTimeMs: z.number().nullable(),
  colo: z.string().nullable(),
  reason: reasonSchema.nullable(),
  detail: z.string().nullable(),
});

export const monitorSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    intervalSeconds: z.int(),
    timeoutMs: z.int(),
    locations: z.array(locationStatusSchema),
    tags: z.array(z.string()),
    enabled: z.boolean(),
    confirm: z.object({ quorum: z.int().nullable() }),
    status: z.enum(MONITOR_STATUSES),
    statusSince: timestamp.nullable(),
    lastCheckAt: timestamp.nullable(),
    /** 0-100, time of the last 24 hours; null before the first round. */
    uptime24h: z.number().nullable(),
    /** The first verdict behind `uptime24h`; null when verdicts cover the whole 24 hours, or there is none. */
    uptime24hSince: timestamp.nullable(),
    openIncidentId: z.string().nullable(),
    createdAt: timestamp,
    updatedAt: timestamp,
    problem: rowProblemSchema.optional(),
  })
  .and(shownSpecSchema);
export type Monitor = z.infer<typeof monitorSchema>;

export const monitorTestAnswerSchema = testAnswerSchema;

export const resultSchema = checkResultSchema;

/** One round with its verdict, as the edge judged it. */
export const roundSchema = z.object({
  /** The round's slot. The verdict stands until the next slot, at most the interval that the monitor had then. */
  scheduledAt: timestamp,
  status: z.enum(VERDICTS),
  failing: z.array(tolerant({ location: z.string(), reason: reasonSchema.optional(), detail: z.string().optional() })),
  /** Locations of the round without a vote: dark ones, and those whose probe itself failed. */
  excluded: z.array(z.string()),
  /** Reason of an `unknown` verdict. */
  cause: reasonSchema.optional(),
  judgedAt: timestamp,
});
export type Round = z.infer<typeof roundSchema>;

const latency = z.number().nullable();
export const seriesPointSchema = z.object({
  /** Start of the step. A step without results has no point. */
  at: timestamp,
  avg: latency,
  min: latency,
  max: latency,
  p50: latency,
  p95: latency,
  p99: latency,
  /** Results in the step by outcome; `error` is a fault of the probe. */
  success: z.int(),
  failure: z.int(),
  error: z.int(),
});
export const seriesSchema = z.object({
  from: timestamp,
  to: timestamp,
  stepSeconds: z.int(),
  /** `results`: computed from raw results. `rollups`: from hourly sketches (relative error ≤ 1 %). */
  source: z.enum(['results', 'rollups']),
  locations: z.array(z.object({ id: locationIdSchema, points: z.array(seriesPointSchema) })),
});
export type Series = z.infer<typeof seriesSchema>;

export const UPTIME_WINDOWS = ['24h', '7d', '30d', '90d'] as const;
export type UptimeWindow = (typeof UPTIME_WINDOWS)[number];
export const uptimeSchema = z.object({
  window: z.enum(UPTIME_WINDOWS),
  from: timestamp,
  to: timestamp,
  /** The first verdict behind the figures; null when verdicts cover the whole window, or there is none. */
  since: timestamp.nullable(),
  /** Time up / (up + down), 0-100; unknown and maintenance are left out; null when nothing was judged. */
  uptimePercent: z.number().nullable(),
  /** Rounds of the window by verdict. */
  upRounds: z.int(),
  downRounds: z.int(),
  unknownRounds: z.int(),
  /** Time of the window for which each verdict stood. */
  upSeconds: z.number(),
  downSeconds: z.number(),
  unknownSeconds: z.number(),
  days: z.array(
    z.object({
      date: z.iso.date(),
      uptimePercent: z.number().nullable(),
      downSeconds: z.number(),
      /** Time of the day with a verdict, where that is not the whole day: `uptimePercent` is a part of this time. */
      measuredSeconds: z.number().optional(),
    }),
  ),
});
export type Uptime = z.infer<typeof uptimeSchema>;

/** GET /locations */
export const locationSchema = z.object({
  id: locationIdSchema,
  name: z.string(),
  country: z.string(),
  region: z.string(),
  status: z.enum(['ok', 'dark', 'unknown']),
  /**
   * For whose monitors a dark location has no vote: everybody's, or those of the caller's organization, whose own monitors
   * have shown it. Null when the location is not dark.
   */
  darkFor: z.enum(['everybody', 'organization']).nullable(),
  lastResultAt: timestamp.nullable(),
  /** Data centres that ran checks in the last hour, most used first. */
  colos: z.array(z.object({ colo: z.string(), results: z.int() })),
  resultsLastHour: z.int(),
  /** Checks of the last hour that were missed because too many were under way. */
  overloadedLastHour: z.int(),
  medianResponseTimeMs: z.number().nullable(),
});
