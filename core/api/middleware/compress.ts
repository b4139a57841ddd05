import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { MiddlewareHandler } from 'hono';
import { ProblemError } from '#core/platform/problem-error.ts';
import { COMPRESSED_BYTES_MIN, chooseCoding } from '#domain/base/content-coding.ts';
import { codedTag } from '#domain/base/entity-tag.ts';
import type { ApiEnv } from '../env.ts';

/** Half the time of level 6, zlib's default, for 15 % more bytes: 2 ms for 250 KB, a list of 200 monitors. */
const LEVEL = 2;
/** What gets smaller. Streams of events are left alone: gzip would hold their events back. */
const COMPRESSIBLE = /^(?:text\/(?!event-stream)|application\/(?:[a-z.-]+\+)?json)/i;
const compressed = promisify(gzip);

/**
 * Compresses answers of COMPRESSED_BYTES_MIN and more with gzip, where the client accepts it. What comes in a coding
 * already, such as the files of the dashboard, stays as it is.
 *
 * Nobody else may learn the content of an answer from its length (BREACH, https://breachattack.com): what another site
 * makes a browser ask for is not compressed, and neither is an answer that sets cookies. CSRF tokens and sessions are
 * in headers only, which are never compressed.
 */
export const compress: MiddlewareHandler<ApiEnv> = async (c, next) => {
  const accepted = c.req.header('Accept-Encoding');
  const coding = chooseCoding(accepted, ['identity', 'gzip']);
  if (coding === null) throw new ProblemError('not_acceptable', 'Answers are sent as they are, or in gzip.');
  await next();
  const { headers, status } = c.res;
  if (headers.has('Content-Encoding') || !COMPRESSIBLE.test(headers.get('Content-Type') ?? '')) return;
  if (!headers.get('Vary')?.includes('Accept-Encoding')) headers.append('Vary', 'Accept-Encoding');
  if (coding === 'identity' || isAskedByAnotherSite(c.req.header('Sec-Fetch-Site')) || headers.has('Set-Cookie'))
    return;

  let bytes = new Uint8Array(await c.res.arrayBuffer());
  const refusesPlain = chooseCoding(accepted, ['identity']) === null;
  if (bytes.length >= COMPRESSED_BYTES_MIN || refusesPlain) {
    bytes = await compressed(bytes, { level: LEVEL });
    headers.set('Content-Encoding', coding);
    const tag = headers.get('ETag');
    if (tag !== null) headers.set('ETag', codedTag(tag, coding));
  }
  headers.delete('Content-Length');
  // Without this, hono would merge the headers of both answers.
  c.res = undefined;
  c.res = new Response(bytes, { status, headers });
};

/** Browsers say it; other programs say nothing. `none` is a person who typed the address. */
function isAskedByAnotherSite(fetchSite: string | undefined): boolean {
  return fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none';
}
