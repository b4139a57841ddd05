import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Context, Hono } from 'hono';
import { getMimeType } from 'hono/utils/mime';
import { type ContentCoding, chooseCoding } from '#domain/base/content-coding.ts';
import type { ApiEnv } from './env.ts';
import { createRouter } from './router.ts';
import { sendStatic } from './static-content.ts';

/** Output folder of `npm run build` for the dashboard. */
const BUILT = fileURLToPath(new URL('../../dist/dashboard', import.meta.url));
/**
 * Paths of built files: plain names with an extension. Other paths, such as those with `..`, do not reach the file
 * system.
 */
const FILE_PATH = /^(?:\/[A-Za-z0-9_-]+)*\/[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+$/;
/** Files with a hash of their content in the name. */
const HASHED = '/assets/';
const YEAR_SECONDS = 31_536_000;
/** Paths of APIs: an unknown one is answered with a 404 problem, not a page. */
const NOT_PAGES = ['/api/', '/edge/'];

/** What the build adds to the names of compressed files (standalone/precompress.ts). */
const SUFFIXES = { identity: '', gzip: '.gz', br: '.br' } as const satisfies Record<ContentCoding, string>;

/** Serves the dashboard's files, compressed where the build has compressed them. Every other GET is answered with index.html, whose router shows the page. */
export function dashboardFiles(root = BUILT): Hono<ApiEnv> {
  const router = createRouter();
  router.get('*', async (c) => {
    const { path } = c.req;
    const type = FILE_PATH.test(path) ? getMimeType(path) : undefined;
    const file = type === undefined ? null : await readCoded(`${root}${path}`, c.req.header('Accept-Encoding'));
    if (type === undefined || file === null) return isPage(path) ? indexPage(root, c) : c.notFound();
    const cacheControl = path.startsWith(HASHED) ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache';
    return sendStatic(c, { ...file, type, cacheControl });
  });
  return router;
}

/** The file in the coding that the client likes best; small files and pictures exist only as they are. */
async function readCoded(path: string, accepted: string | undefined) {
  const coding = chooseCoding(accepted, ['identity', 'gzip', 'br']) ?? 'identity';
  const coded = await readIfThere(`${path}${SUFFIXES[coding]}`);
  if (coded !== null) return { bytes: coded, coding };
  const bytes = coding === 'identity' ? null : await readIfThere(path);
  return bytes === null ? null : { bytes, coding: 'identity' as const };
}

async function readIfThere(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    return new Uint8Array(await readFile(path));
  } catch {
    return null;
  }
}

/** A missing file of the build must not be answered with a page, because the browser would cache HTML as a script. */
function isPage(path: string): boolean {
  return !path.startsWith(HASHED) && !NOT_PAGES.some((prefix) => path.startsWith(prefix));
}

async function indexPage(root: string, c: Context<ApiEnv>): Promise<Response> {
  const file = await readIfThere(`${root}/index.html`);
  if (file === null) {
    return c.text('The dashboard is not built yet: run "npm run build". The API is at /api/v1/docs.\n', 503);
  }
  c.set('scriptHashes', inlineScripts(Buffer.from(file).toString('utf8')).map(cspHash));
  return sendStatic(c, {
    bytes: file,
    coding: 'identity',
    type: 'text/html; charset=utf-8',
    cacheControl: 'no-cache',
  });
}

/** Texts of the page's inline scripts, for instance the one that sets the theme before the first paint. */
function inlineScripts(html: string): string[] {
  return [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/gi)].map(([, text = '']) => text);
}

function cspHash(script: string): string {
  return `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
}
