import type { MiddlewareHandler } from 'hono';
import { ProblemError } from '#core/platform/problem-error.ts';
import { SERVICE_BODY_BYTES_MAX } from '#domain/wire/wire.ts';
import type { ApiEnv } from '../env.ts';
import { jsonFault } from '../json-fault.ts';

/** The largest object is a status page with 200 components, about 200 KB. The rest is headroom. */
export const BODY_BYTES_MAX = 1024 * 1024;
/** Deeper than any object of the API and any sensible JSON Schema. Recursive code must not exhaust the stack. */
const NESTING_MAX = 100;
/** Longest quotation of a header in an answer. */
const SHOWN_LENGTH_MAX = 100;
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);
const JSON_TYPE = /^application\/(?:[a-z.-]+\+)?json\s*(?:;|$)/i;

/** Paths of the edge's batches; core/ingest/intake.ts enforces the same limit. */
const EDGE_PATHS = '/edge/v1/';

/** Refuses a body whose Content-Length is too large before it is read, on every route. */
export const limitAnnounced: MiddlewareHandler<ApiEnv> = async (c, next) => {
  const bytesMax = c.req.path.startsWith(EDGE_PATHS) ? SERVICE_BODY_BYTES_MAX : BODY_BYTES_MAX;
  if (Number(c.req.header('Content-Length') ?? 0) > bytesMax) throw tooLarge(bytesMax);
  await next();
};

function tooLarge(bytesMax: number): ProblemError {
  return new ProblemError('payload_too_large', `A body may have ${bytesMax} bytes.`);
}

/** Requires JSON: 415 for another content type, 400 when the body cannot be parsed. */
export const jsonBody: MiddlewareHandler<ApiEnv> = async (c, next) => {
  if (WITH_BODY.has(c.req.method)) {
    const text = await c.req.text();
    if (text !== '') {
      requireJsonType(c.req.method, c.req.header('Content-Type') ?? '');
      requireJson(text);
    }
  }
  await next();
};

function requireJsonType(method: string, given: string): void {
  if (JSON_TYPE.test(given)) return;
  const expected = method === 'PATCH' ? 'application/json or application/merge-patch+json' : 'application/json';
  const sent =
    given === '' ? 'no Content-Type' : `the Content-Type ${JSON.stringify(given.slice(0, SHOWN_LENGTH_MAX))}`;
  throw new ProblemError('unsupported_media_type', `Send the body as ${expected}; it came with ${sent}.`);
}

/** PostgreSQL stores neither NUL nor half of a surrogate pair, so neither is accepted. */
function requireJson(text: string): void {
  if (nestingOf(text) > NESTING_MAX) {
    throw new ProblemError('malformed_request', `A body may be nested ${NESTING_MAX} levels deep.`);
  }
  let storable = true;
  const inspect = (key: string, value: unknown): unknown => {
    storable &&= isStorable(key) && (typeof value !== 'string' || isStorable(value));
    return value;
  };
  try {
    JSON.parse(text, inspect);
  } catch {
    throw new ProblemError('malformed_json', `The body is not valid JSON at ${jsonFault(text)}.`);
  }
  if (!storable) throw new ProblemError('malformed_request', 'Texts may not hold NUL or unpaired surrogates.');
}

/**
 * Deepest nesting of brackets outside strings. The text is scanned character by character, because a regular expression
 * could be made slow.
 */
function nestingOf(json: string): number {
  let open = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < json.length; index++) {
    const character = json[index];
    if (inString && character === '\\') index++;
    else if (character === '"') inString = !inString;
    else if (inString) continue;
    else if (character === '[' || character === '{') deepest = Math.max(deepest, ++open);
    else if (character === ']' || character === '}') open--;
  }
  return deepest;
}

function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** The same requirement for paths and queries. */
export const storableUrl: MiddlewareHandler<ApiEnv> = async (c, next) => {
  if (/%00/.test(c.req.url)) throw new ProblemError('malformed_request', 'The URL may not hold NUL.');
  await next();
};
