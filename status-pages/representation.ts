import type { ContentCoding } from '#domain/base/content-coding.ts';
import { codedTag } from '#domain/base/entity-tag.ts';

/** Codings of a status page: workerd compresses to gzip, and to nothing better. */
export const PAGE_CODINGS = ['identity', 'gzip'] as const satisfies readonly ContentCoding[];
export type PageCoding = (typeof PAGE_CODINGS)[number];

/** A page rendered in one format, as the bytes of each coding. */
export interface Representation {
  readonly contentType: string;
  readonly bytes: Readonly<Record<PageCoding, Uint8Array<ArrayBuffer>>>;
  /** Strong, from the content: a new version of the Worker that renders differently gives a different tag. */
  readonly tags: Readonly<Record<PageCoding, string>>;
}

export async function createRepresentation(text: string, contentType: string): Promise<Representation> {
  const identity = new Uint8Array(new TextEncoder().encode(text));
  const [hash, gzip] = await Promise.all([sha256Base64(text), gzipped(identity)]);
  const tag = `"${hash.slice(0, 22)}"`;
  return { contentType, bytes: { identity, gzip }, tags: { identity: tag, gzip: codedTag(tag, 'gzip') } };
}

/** SHA-256 of a UTF-8 text in base 64, for entity tags and Content-Security-Policy hashes. */
export async function sha256Base64(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
