import { invalid } from '../validated.ts';

/** Stands in answers for what may be a credential. Sent back, it keeps what is stored. */
export const HIDDEN = '••••••••';

/**
 * The URL of a webhook as answers show it. Many receivers know a sender by the path or the query alone, so only the
 * scheme and the host are shown.
 */
export function shownUrl(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return url === '' ? '' : HIDDEN;
  const { origin, username, password, pathname, search, hash } = parsed;
  const isBare = pathname === '/' && username + password + search + hash === '';
  return isBare ? `${origin}/` : `${origin}/${HIDDEN}`;
}

/** Throws validation_failed for a URL of which a part is hidden: it would be stored as it was shown. */
export function requireWholeUrl(url: string): void {
  if (url.includes(HIDDEN)) throw invalid('config.url', 'give the whole URL: a part of this one is hidden');
}
