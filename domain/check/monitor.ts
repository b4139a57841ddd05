import { z } from 'zod';
import { assertionSchema } from '../assertion/assertion.ts';
import { isHeaderName, isHeaderValue } from '../base/header-syntax.ts';
import { carriesCredentials } from '../base/url-credentials.ts';
import { LOCATION_IDS, type LocationId } from './location.ts';

/** The configuration of a monitor. A new check type joins the union below. */

/** An interval below 5 s is load rather than monitoring; one above a day finds failures too late. */
export const INTERVAL_SECONDS_MIN = 5;
export const INTERVAL_SECONDS_MAX = 86_400;
/** 30 s is the longest timeout of a check. */
export const TIMEOUT_MS_MIN = 100;
export const TIMEOUT_MS_MAX = 30_000;
/** A request body is part of its shard's assignment, so its size is small. */
const REQUEST_BODY_BYTES_MAX = 64 * 1024;
const HEADERS_MAX = 50;
const ASSERTIONS_MAX = 50;
const TAGS_MAX = 50;
/** The fetch standard follows at most 20 redirects. */
const REDIRECTS_MAX = 20;
/** 1 MiB of decompressed body is read by default; a monitor may ask for up to 10 MiB. */
export const RESPONSE_BODY_BYTES_DEFAULT = 1024 * 1024;
const RESPONSE_BODY_BYTES_MAX = 10 * 1024 * 1024;

const httpUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
  .max(2048)
  .refine((value) => !carriesCredentials(value), 'put credentials into auth, not into the URL');

/** RFC 6750 allows fewer characters; real tokens use these. */
const BEARER_TOKEN = /^[\x21-\x7e]+$/;

const httpAuthSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('basic'), username: z.string().max(256), password: z.string().max(1024) }),
  z.strictObject({
    type: z.literal('bearer'),
    token: z.string().max(8192).regex(BEARER_TOKEN, 'must be a token: printable ASCII without spaces'),
  }),
]);

/** Headers that frame the message or name its target: the runtimes set them, and each ignores different ones. */
const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-blacktide-location',
]);
const headerValue = z.string().max(8192).refine(isHeaderValue, 'must be one line of Latin-1 text');

const headersSchema = z.record(z.string(), headerValue).superRefine((headers, context) => {
  const names = Object.keys(headers);
  if (names.length > HEADERS_MAX) context.addIssue({ code: 'custom', message: `at most ${HEADERS_MAX} headers` });
  // Names are validated here and not as record keys, because zod's message for a refused key does not say why.
  for (const name of names) {
    const problem = headerNameProblem(name);
    if (problem !== null) context.addIssue({ code: 'custom', path: [name], message: problem });
  }
});

function headerNameProblem(name: string): string | null {
  if (!isHeaderName(name)) return 'is not a header name';
  return RESERVED_HEADERS.has(name.toLowerCase()) ? 'is set by the probe itself' : null;
}

export const httpConfigSchema = z.strictObject({
  url: httpUrl,
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).default('GET'),
  headers: headersSchema.default({}),
  body: z.string().max(REQUEST_BODY_BYTES_MAX).optional(),
  auth: httpAuthSchema.optional(),
  followRedirects: z.boolean().default(true),
  maxRedirects: z.int().min(0).max(REDIRECTS_MAX).default(10),
  verifyTls: z.boolean().default(true),
  ipVersion: z.enum(['any', '4', '6']).default('any'),
  bodyBytesMax: z.int().min(0).max(RESPONSE_BODY_BYTES_MAX).default(RESPONSE_BODY_BYTES_DEFAULT),
  assertions: z.array(assertionSchema).max(ASSERTIONS_MAX).default([]),
});
export type HttpConfig = z.infer<typeof httpConfigSchema>;

export const locationIdSchema = z.enum(LOCATION_IDS as [LocationId, ...LocationId[]]);

/** Type and configuration together: the discriminated union of all check types. */
export const checkSpecSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('http'), config: httpConfigSchema }),
]);
export type CheckSpec = z.infer<typeof checkSpecSchema>;

/**
 * Type and configuration of an object with more members. The two stay together, because destructuring would lose their
 * relation in the type.
 */
export function checkSpecOf({ type, config }: CheckSpec): CheckSpec {
  return { type, config } as CheckSpec;
}

export const intervalSecondsSchema = z.int().min(INTERVAL_SECONDS_MIN).max(INTERVAL_SECONDS_MAX);
export const timeoutMsSchema = z.int().min(TIMEOUT_MS_MIN).max(TIMEOUT_MS_MAX);
export const locationsSchema = z
  .array(locationIdSchema)
  .min(1)
  .max(LOCATION_IDS.length)
  .refine((list) => new Set(list).size === list.length, 'names a location twice');
export const tagsSchema = z.array(z.string().trim().min(1).max(64)).max(TAGS_MAX);
/** How many failing locations make the monitor down; null means the majority of its locations. */
export const confirmSchema = z.strictObject({ quorum: z.int().min(1).max(LOCATION_IDS.length).nullish() });
