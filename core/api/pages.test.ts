import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';
import { dashboardFiles } from './dashboard.ts';

/** Browser resources: the dashboard's files, the docs, and the security headers of all answers. */
let app: TestApp;
let built: string;
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase(), { BLACKTIDE_CORS_ORIGINS: 'https://ops.example.com' });
  built = await mkdtemp(join(tmpdir(), 'dashboard-'));
  await mkdir(join(built, 'assets'));
  await writeFile(join(built, 'index.html'), '<!doctype html><script>document.title = "x"</script><p>BlackTide');
  await writeFile(join(built, 'assets', 'app-1a2b.js'), 'start()');
});
afterAll(async () => {
  await app.close();
  await rm(built, { recursive: true });
});

test('every page of the dashboard is index.html; hashed files are kept for ever', async () => {
  const files = dashboardFiles(built);
  for (const path of ['/', '/monitors/mon_1', '/status-pages']) {
    const page = await files.request(path);
    expect([await page.text(), page.headers.get('Cache-Control')]).toEqual([
      expect.stringContaining('BlackTide'),
      'no-cache',
    ]);
  }
  const asset = await files.request('/assets/app-1a2b.js');
  expect(asset.headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable');
  expect(asset.headers.get('Content-Type')).toMatch('text/javascript');
  for (const path of ['/assets/app-old.js', '/api/v2/x', '/edge/v1/x', '/assets/..%2f..%2fpackage.json']) {
    expect([path, (await files.request(path)).status]).toEqual([path, 404]);
  }
});

test('a dashboard that is not built says what to do', async () => {
  const page = await dashboardFiles(join(built, 'nowhere')).request('/');
  expect([page.status, await page.text()]).toEqual([503, expect.stringContaining('npm run build')]);
});

test('the docs load from this origin alone, and the document names every schema it refers to', async () => {
  const page = await app.request('GET', '/api/v1/docs');
  expect(page.text).toContain('<title>BlackTide API</title>');
  expect(page.headers.get('Content-Security-Policy')).toMatch(/default-src 'none'; script-src 'self';/);
  for (const [, path = ''] of page.text.matchAll(/(?:src|href)="([^"]+)"/g)) {
    expect([path, (await app.request('GET', path)).status]).toEqual([path, 200]);
  }
  const { body, text } = await app.request('GET', '/api/v1/openapi.json');
  expect(body.openapi).toBe('3.1.0');
  for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    expect(body.components.schemas).toHaveProperty([name]);
  }
  expect(text).not.toContain('$defs');
});

test('answers cannot be framed, sniffed or cached into another origin', async () => {
  for (const path of ['/healthz', '/api/v1/monitors', '/api/v1/docs', '/']) {
    const { headers } = await app.request('GET', path);
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      'referrer-policy': expect.any(String),
      'permissions-policy': expect.any(String),
    });
    expect(headers.get('Strict-Transport-Security')).toBeNull();
  }
});

test('only origins that the settings name may call with cookies', async () => {
  const ask = (origin: string) =>
    app.request('OPTIONS', '/api/v1/monitors', {
      headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
    });
  const named = await ask('https://ops.example.com');
  expect(named.headers.get('Access-Control-Allow-Origin')).toBe('https://ops.example.com');
  expect(named.headers.get('Access-Control-Allow-Credentials')).toBe('true');
  expect((await ask('https://evil.example')).headers.get('Access-Control-Allow-Origin')).toBeNull();
});

test('health, readiness and metrics are served beside the API', async () => {
  expect((await app.request('GET', '/healthz')).body.status).toBe('ok');
  expect((await app.request('GET', '/readyz')).body.dependencies.postgres).toBe('ok');
  expect((await app.request('GET', '/metrics')).text).toContain('blacktide_api_request_seconds_count');
});

test('requests are measured by the pattern of their route, so ids and inventions add no series', async () => {
  await app.request('GET', '/api/v1/monitors/mon_00000000000000000000000000');
  await app.request('GET', '/api/v1/invented/1');
  const { text } = await app.request('GET', '/metrics');
  const routes = [...text.matchAll(/api_request_seconds_count\{.*?route="([^"]*)"/g)].map(([, route]) => route);
  expect(routes).toEqual(expect.arrayContaining(['/api/v1/monitors/:id', '/healthz', '/*']));
  expect(routes.filter((route) => route?.includes('mon_') || route?.includes('invented'))).toEqual([]);
});
