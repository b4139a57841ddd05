import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import type { ContentCoding } from '#domain/base/content-coding.ts';
import { matchesTag } from '#domain/base/entity-tag.ts';
import type { ApiEnv } from './env.ts';

/** 128 bits of SHA-256 in base64url. */
const TAG_LENGTH = 22;

export interface StaticContent {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly coding: ContentCoding;
  readonly type: string;
  readonly cacheControl: string;
}

/** Sends what is the same for everybody, or 304. The tag is that of the sent bytes, so each coding has its own. */
export function sendStatic(c: Context<ApiEnv>, { bytes, coding, type, cacheControl }: StaticContent): Response {
  const tag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, TAG_LENGTH)}"`;
  c.header('ETag', tag);
  c.header('Cache-Control', cacheControl);
  c.header('Vary', 'Accept-Encoding');
  if (matchesTag(c.req.header('If-None-Match'), tag)) return c.body(null, 304);
  if (coding !== 'identity') c.header('Content-Encoding', coding);
  return c.body(bytes, 200, { 'Content-Type': type });
}
