/** A page rendered in one format, ready to be sent. */
export interface Representation {
  readonly body: string;
  readonly contentType: string;
  /** Strong, from the content: a new version of the Worker that renders differently gives a different tag. */
  readonly etag: string;
}

export async function createRepresentation(body: string, contentType: string): Promise<Representation> {
  return { body, contentType, etag: `"${(await sha256Base64(body)).slice(0, 22)}"` };
}

/** SHA-256 of a UTF-8 text in base 64, for entity tags and Content-Security-Policy hashes. */
export async function sha256Base64(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

/** RFC 9110, section 13.1.2: weak comparison, because a compressing proxy weakens the tag. */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}
