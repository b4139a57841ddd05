import type { ContentCoding } from './content-coding.ts';

/** Entity tags of HTTP answers: RFC 9110, section 8.8.3. */

/** The tag of a coded answer: other bytes need another strong tag. `"7"` in gzip is `"7-gzip"`. */
export function codedTag(tag: string, coding: ContentCoding): string {
  return coding === 'identity' ? tag : tag.replace(/"$/, `-${coding}"`);
}

/** The tag of the content itself, whatever the coding it was read in: `"7-gzip"` names the content `"7"`. */
export function contentTag(tag: string): string {
  return tag.replace(/-(?:br|gzip)"$/, '"');
}

/**
 * Whether `If-None-Match` names the tag: then the answer is 304. The comparison is weak (RFC 9110, section 13.1.2),
 * because a proxy that changes the coding weakens the tag.
 */
export function matchesTag(ifNoneMatch: string | null | undefined, tag: string): boolean {
  if (ifNoneMatch == null) return false;
  const tags = ifNoneMatch.split(',').map((one) => one.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(tag);
}
