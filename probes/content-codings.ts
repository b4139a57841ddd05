/** Content codings of RFC 9110, section 8.4, with their names in decoders. */

/** `deflate-raw` has no zlib frame; some servers send it as `deflate`. */
export type ContentCoding = 'gzip' | 'deflate' | 'deflate-raw' | 'br' | 'zstd';

/** RFC 9110, section 8.4.1: alias names. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['x-gzip', 'gzip'],
  ['x-compress', 'compress'],
]);

/**
 * The codings of an answer's body in the order in which they were applied: lower case, without aliases, without
 * `identity`. An answer without content (RFC 9110, section 6.4.1) has none, whatever its headers say.
 */
export function contentCodings(
  method: string,
  status: number,
  headers: readonly (readonly [name: string, value: string])[],
): string[] {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return [];
  return headers
    .filter(([name]) => name === 'content-encoding')
    .flatMap(([, value]) => value.split(','))
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity')
    .map((coding) => ALIASES.get(coding) ?? coding);
}
