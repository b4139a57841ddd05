import { invalid } from '../validated.ts';

/** RFC 9110: a field name is a token, a field value is one line of text. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** What the delivery itself says: nobody may say something else in its place. */
const OWN = /^(?:host|content-type|content-length|connection|transfer-encoding|user-agent|webhook-.*)$/i;
const HEADERS_MAX = 20;

/** Refuses headers that could not be sent, or that would forge the delivery's own. */
export function requireSendable(headers: Readonly<Record<string, string>>): void {
  const entries = Object.entries(headers);
  if (entries.length > HEADERS_MAX) throw invalid('config.headers', `at most ${HEADERS_MAX} headers`);
  for (const [name, value] of entries) {
    const path = `config.headers.${name}`;
    if (!NAME.test(name)) throw invalid(path, 'is not a header name');
    if (OWN.test(name)) throw invalid(path, 'is set by the delivery itself');
    if (!VALUE.test(value)) throw invalid(path, 'must be one line of Latin-1 text');
  }
}
