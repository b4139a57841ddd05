import { repeatedHeader } from '#domain/api/repeated-header.ts';
import { isHeaderName, isHeaderValue } from '#domain/base/header-syntax.ts';
import { invalid } from '../validated.ts';

/** Headers that the delivery sets itself and a user must not override. */
const OWN = /^(?:host|content-type|content-length|connection|transfer-encoding|user-agent|webhook-.*)$/i;
const HEADERS_MAX = 20;

/** Refuses headers that cannot be sent, or that would override the delivery's own. */
export function requireSendable(headers: Readonly<Record<string, string>>): void {
  const entries = Object.entries(headers);
  if (entries.length > HEADERS_MAX) throw invalid('config.headers', `at most ${HEADERS_MAX} headers`);
  for (const [name, value] of entries) {
    const path = `config.headers.${name}`;
    if (!isHeaderName(name)) throw invalid(path, 'is not a header name');
    if (OWN.test(name)) throw invalid(path, 'is set by the delivery itself');
    if (!isHeaderValue(value)) throw invalid(path, 'must be one line of Latin-1 text');
  }
  const repeated = repeatedHeader(headers);
  if (repeated !== undefined) throw invalid(`config.headers.${repeated}`, 'is named twice: case does not count');
}
