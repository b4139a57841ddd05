import { z } from 'zod';
import { writtenAssertionProblems } from '../assertion/written-assertions.ts';
import { LOCATION_IDS } from '../check/location.ts';
import {
  confirmSchema,
  httpConfigSchema,
  intervalSecondsSchema,
  locationIdSchema,
  locationsSchema,
  tagsSchema,
  timeoutMsSchema,
} from '../check/monitor.ts';
import { OUTCOMES } from '../check/result.ts';
import { MONITOR_STATUSES, VERDICTS } from '../check/status.ts';
import { listQuerySchema, name, numberInQuery, timestamp } from './common.ts';
import { UPTIME_WINDOWS } from './monitor-answers.ts';
import { repeatedHeader } from './repeated-header.ts';
import { unsendableParts } from './unsendable.ts';

export * from './monitor-answers.ts';

const settings = {
  name,
  intervalSeconds: intervalSecondsSchema.default(60),
  timeoutMs: timeoutMsSchema.default(10_000),
  locations: locationsSchema.default([...LOCATION_IDS]),
  tags: tagsSchema.default([]),
  enabled: z.boolean().default(true),
  confirm: confirmSchema.default({}),
};

/** RFC 9110, section 9.3: a body has no meaning with these methods, and fetch refuses to send one. */
const METHODS_WITHOUT_BODY: readonly string[] = ['GET', 'HEAD'];

/**
 * The 200 monitors of a shard are sent to the edge in one message of at most 16 MiB, so one monitor is bounded to its
 * share.
 */
const CONFIG_BYTES_MAX = 72 * 1024;

/** The configuration of a request: besides the form, all expressions, paths and schemas must compile. */
const writtenHttpConfigSchema = httpConfigSchema.superRefine((config, context) => {
  if ((config.body ?? '') !== '' && METHODS_WITHOUT_BODY.includes(config.method)) {
    context.addIssue({ code: 'custom', path: ['body'], message: `${config.method} carries no body` });
  }
  const repeated = repeatedHeader(config.headers);
  if (repeated !== undefined) {
    context.addIssue({ code: 'custom', path: ['headers', repeated], message: 'is named twice: case does not count' });
  }
  for (const { path, message } of unsendableParts(config)) {
    context.addIssue({ code: 'custom', path: [...path], message });
  }
  // A UTF-16 unit above ASCII takes at most three bytes in UTF-8, a surrogate pair four.
  const bytes = JSON.stringify(config).replace(/[\u0080-\uffff]/g, '???').length;
  if (bytes > CONFIG_BYTES_MAX) {
    context.addIssue({ code: 'custom', path: [], message: `may have ${CONFIG_BYTES_MAX} bytes in all` });
  }
  for (const { index, path, message } of writtenAssertionProblems(config.assertions)) {
    context.addIssue({ code: 'custom', path: ['assertions', index, path], message });
  }
});

/** POST /monitors. A PATCH applied to the stored monitor must match this schema too. */
export const monitorCreateSchema = z.discriminatedUnion('type', [
  z.strictObject({ ...settings, type: z.literal('http'), config: writtenHttpConfigSchema }),
]);
export type MonitorCreate = z.infer<typeof monitorCreateSchema>;

export const monitorListQuerySchema = listQuerySchema.extend({
  status: z.enum(MONITOR_STATUSES).optional(),
  tag: z.string().max(64).optional(),
  q: z.string().max(120).optional(),
});

/** POST /monitors/test: the body of POST /monitors, with an optional name. */
export const monitorTestSchema = z.discriminatedUnion('type', [
  z.strictObject({ ...settings, name: name.optional(), type: z.literal('http'), config: writtenHttpConfigSchema }),
]);
export const resultListQuerySchema = listQuerySchema.extend({
  from: timestamp.optional(),
  to: timestamp.optional(),
  location: locationIdSchema.optional(),
  outcome: z.enum(OUTCOMES).optional(),
});

export const roundListQuerySchema = listQuerySchema.extend({
  from: timestamp.optional(),
  to: timestamp.optional(),
  status: z.enum(VERDICTS).optional(),
});

/**
 * GET /monitors/{id}/series: `step` is in seconds, and at least the monitor's interval. The default step gives at most
 * 300 points.
 */
export const SERIES_POINTS_MAX = 2000;
export const seriesQuerySchema = z.object({
  from: timestamp.optional(),
  to: timestamp.optional(),
  step: numberInQuery(5, 86_400).optional(),
});
export const uptimeQuerySchema = z.object({ window: z.enum(UPTIME_WINDOWS).default('24h') });
