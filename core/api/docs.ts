import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { ApiEnv } from './env.ts';
import { openApiDocument } from './openapi.ts';
import { createRouter } from './router.ts';

const require = createRequire(import.meta.url);
/** Swagger UI from its npm package instead of a CDN: the CSP holds, and the page works without the internet. */
const FILES = [
  ['swagger-ui.css', 'text/css; charset=utf-8', require.resolve('swagger-ui-dist/swagger-ui.css')],
  ['swagger-ui-bundle.js', 'text/javascript; charset=utf-8', require.resolve('swagger-ui-dist/swagger-ui-bundle.js')],
] as const;
const DAY_SECONDS = 86_400;

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
  let document: string | undefined;
  router.get('/openapi.json', (c) => {
    // Generated at the first request, when every route is registered.
    document ??= JSON.stringify(openApiDocument(api, basePath));
    return c.body(document, 200, { 'Content-Type': 'application/json' });
  });
  router.get('/docs', (c) => c.html(PAGE));
  router.get('/docs/start.js', (c) => cached(c, START, 'text/javascript; charset=utf-8'));
  for (const [name, type, path] of FILES) {
    router.get(`/docs/${name}`, async (c) => cached(c, await readFile(path, 'utf8'), type));
  }
  return router;
}

function cached(c: Context<ApiEnv>, text: string, type: string): Response {
  return c.body(text, 200, { 'Content-Type': type, 'Cache-Control': `public, max-age=${DAY_SECONDS}` });
}
