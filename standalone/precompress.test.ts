import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dashboardFiles } from '#core/api/dashboard.ts';
import { COMPRESSED_BYTES_MIN } from '#domain/base/content-coding.ts';
import { precompress } from './precompress.ts';

/** What the build compresses, and how the API serves it. */
const SCRIPT = `start("${'x'.repeat(COMPRESSED_BYTES_MIN)}")`;
const SMALL = `${'x'.repeat(COMPRESSED_BYTES_MIN - 1)}`;

let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'blacktide-precompress-'));
  mkdirSync(join(dir, 'assets'));
  writeFileSync(join(dir, 'index.html'), '<!doctype html><p>BlackTide');
  writeFileSync(join(dir, 'assets', 'app-1a2b.js'), SCRIPT);
  writeFileSync(join(dir, 'assets', 'small-1a2b.js'), SMALL);
  writeFileSync(join(dir, 'assets', 'shot-1a2b.png'), Buffer.alloc(2 * COMPRESSED_BYTES_MIN));
  await precompress(dir);
});
afterAll(() => rmSync(dir, { recursive: true }));

const get = (path: string, accepted: string, headers: Record<string, string> = {}) =>
  dashboardFiles(dir).request(path, { headers: { 'Accept-Encoding': accepted, ...headers } });

test('texts are compressed from the smallest size on; pictures are not', () => {
  expect(readdirSync(join(dir, 'assets')).toSorted()).toEqual([
    'app-1a2b.js',
    'app-1a2b.js.br',
    'app-1a2b.js.gz',
    'shot-1a2b.png',
    'small-1a2b.js',
  ]);
});

test.each([
  ['br, gzip', 'br', brotliDecompressSync],
  ['gzip, deflate', 'gzip', gunzipSync],
  ['br;q=0.1, gzip', 'gzip', gunzipSync],
  ['identity', null, (bytes: Buffer) => bytes],
  ['*;q=0', null, (bytes: Buffer) => bytes],
] as const)('to who accepts %s the script is sent as %s', async (accepted, coding, decompress) => {
  const answer = await get('/assets/app-1a2b.js', accepted);
  expect(answer.headers.get('content-encoding')).toBe(coding);
  expect(answer.headers.get('vary')).toBe('Accept-Encoding');
  expect(answer.headers.get('content-type')).toMatch('text/javascript');
  expect(decompress(Buffer.from(await answer.arrayBuffer())).toString()).toBe(SCRIPT);
});

test('what there is only as it is comes as it is', async () => {
  for (const path of ['/assets/small-1a2b.js', '/assets/shot-1a2b.png', '/']) {
    const answer = await get(path, 'br, gzip');
    expect([path, answer.status, answer.headers.get('content-encoding')]).toEqual([path, 200, null]);
  }
});

test('each coding is confirmed by its own tag', async () => {
  const tags = new Set<string>();
  for (const accepted of ['br', 'gzip', 'identity']) {
    const tag = (await get('/assets/app-1a2b.js', accepted)).headers.get('etag') ?? '';
    tags.add(tag);
    const again = await get('/assets/app-1a2b.js', accepted, { 'If-None-Match': tag });
    expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([304, tag, '']);
  }
  expect(tags.size).toBe(3);
  const page = (await get('/monitors', 'br')).headers.get('etag') ?? '';
  expect((await get('/', 'br', { 'If-None-Match': page })).status).toBe(304);
});
