import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { chooseCoding } from '#domain/base/content-coding.ts';
import type { ApiEnv } from './env.ts';
import { openApiDocument } from './openapi.ts';
import { createRouter } from './router.ts';
import { sendStatic } from './static-content.ts';

const require = createRequire(import.meta.url);
/** Swagger UI from its npm package instead of a CDN: the CSP holds, and the page works without the internet. */
const FILES = [
  ['swagger-ui.css', 'text/css; charset=utf-8', require.resolve('swagger-ui-dist/swagger-ui.css')],
  ['swagger-ui-bundle.js', 'text/javascript; charset=utf-8', require.resolve('swagger-ui-dist/swagger-ui-bundle.js')],
] as const;
const A_DAY = 'public, max-age=86400';

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>BlackTide API</title>
<link rel="stylesheet" href="/api/v1/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<noscript>The API is described in <a href="/api/v1/openapi.json">openapi.json</a>.</noscript>
<script src="/api/v1/docs/swagger-ui-bundle.js"></script>
<script src="/api/v1/docs/start.js"></script>
</body>
</html>
`;

/** "Try it out" works for a signed-in browser: the script sends the CSRF cookie's value as the dashboard does. */
const START = `SwaggerUIBundle({
  url: '/api/v1/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  requestInterceptor(request) {
    const token = /(?:^|; )bt_csrf=([^;]+)/.exec(document.cookie);
    if (token) request.headers['X-CSRF-Token'] = decodeURIComponent(token[1]);
    return request;
  },
});
`;

/** `/openapi.json` and `/docs` are public: they describe the API and contain no data. */
export function docsRoutes(api: OpenAPIHono<ApiEnv>, basePath: string): OpenAPIHono<ApiEnv> {
  const router = createRouter();
  // Generated at the first request, when every route is registered.
  const document = async () => Buffer.from(JSON.stringify(openApiDocument(api, basePath)));
  router.get('/openapi.json', keptContent(document, 'application/json', 'no-cache'));
  router.get('/docs', (c) => c.html(PAGE));
  router.get(
    '/docs/start.js',
    keptContent(async () => Buffer.from(START), 'text/javascript; charset=utf-8', A_DAY),
  );
  for (const [name, type, path] of FILES)
    router.get(
      `/docs/${name}`,
      keptContent(() => readFile(path), type, A_DAY),
    );
  return router;
}

/**
 * Serves what does not change while the process lives. It is made and compressed at the first request, and kept: the
 * largest, the script of Swagger UI, takes 2 MB.
 */
function keptContent(make: () => Promise<Buffer<ArrayBuffer>>, type: string, cacheControl: string) {
  let kept: Promise<Record<'identity' | 'gzip', Buffer<ArrayBuffer>>> | undefined;
  const prepare = async () => {
    const identity = await make();
    return { identity, gzip: await promisify(gzip)(identity) };
  };
  return async (c: Context<ApiEnv>) => {
    kept ??= prepare();
    const coding = chooseCoding(c.req.header('Accept-Encoding'), ['identity', 'gzip']) ?? 'identity';
    const bytes = (await kept)[coding === 'gzip' ? 'gzip' : 'identity'];
    return sendStatic(c, { bytes, coding, type, cacheControl });
  };
}
