import { z } from 'zod';
import { assertionShapeProblems } from '../assertion/assertion.ts';
import { assertionProblems } from '../assertion/assertion-evaluation.ts';
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
import { listQuerySchema, name, timestamp } from './common.ts';
import { UPTIME_WINDOWS } from './monitor-answers.ts';
import { repeatedHeader } from './repeated-header.ts';

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

/** RFC 9110, section 9.3: content of these has no meaning, and fetch refuses to send it. */
const METHODS_WITHOUT_BODY: readonly string[] = ['GET', 'HEAD'];

/** A shard's 200 monitors travel to the edge in one message of 16 MiB: one large monitor must not hold up the others. */
const CONFIG_BYTES_MAX = 72 * 1024;

/** As a user writes it: besides its form, everything in it compiles (expressions, paths, schemas). */
const writtenHttpConfigSchema = httpConfigSchema.superRefine((config, context) => {
  if ((config.body ?? '') !== '' && METHODS_WITHOUT_BODY.includes(config.method)) {
    context.addIssue({ code: 'custom', path: ['body'], message: `${config.method} carries no body` });
  }
  const repeated = repeatedHeader(config.headers);
  if (repeated !== undefined) {
    context.addIssue({ code: 'custom', path: ['headers', repeated], message: 'is named twice: case does not count' });
  }
  // In UTF-8 a character takes at most three bytes, a pair of surrogates four.
  const bytes = JSON.stringify(config).replace(/[\u0080-\uffff]/g, '???').length;
  if (bytes > CONFIG_BYTES_MAX) {
    context.addIssue({ code: 'custom', path: [], message: `may have ${CONFIG_BYTES_MAX} bytes in all` });
  }
  for (const [index, assertion] of config.assertions.entries()) {
    if (assertionShapeProblems(assertion).length > 0) continue;
    for (const { path, message } of assertionProblems(assertion)) {
      context.addIssue({ code: 'custom', path: ['assertions', index, path], message });
    }
  }
});

/** POST /monitors. Also the shape a PATCH must add up to. */
export const monitorCreateSchema = z.discriminatedUnion('type', [
  z.strictObject({ ...settings, type: z.literal('http'), config: writtenHttpConfigSchema }),
]);
export type MonitorCreate = z.infer<typeof monitorCreateSchema>;

export const monitorListQuerySchema = listQuerySchema.extend({
  status: z.enum(MONITOR_STATUSES).optional(),
  tag: z.string().max(64).optional(),
  q: z.string().max(120).optional(),
});

/** POST /monitors/test: the body of POST /monitors, whose name may still be missing. */
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

/** GET /monitors/{id}/series: `step` in seconds; without it, a step that gives at most 300 points. */
export const SERIES_POINTS_MAX = 2000;
export const seriesQuerySchema = z.object({
  from: timestamp.optional(),
  to: timestamp.optional(),
  step: z.coerce.number().int().min(5).max(86_400).optional(),
});
export const uptimeQuerySchema = z.object({ window: z.enum(UPTIME_WINDOWS).default('24h') });
