import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import { secureHeaders } from 'hono/secure-headers';
import { PROBLEMS, type ProblemCode, problemOf } from '#domain/base/problem.ts';
import type { PageSnapshot } from '#domain/page/snapshot.ts';
import { ATLASSIAN_DOCUMENTS, type AtlassianDocument } from './atlassian.ts';
import { renderAtom } from './atom.ts';
import { contentSecurityPolicy } from './content-security-policy.ts';
import { renderNotice } from './notice.tsx';
import { renderPage } from './page.tsx';
import { pagePath } from './page-facts.ts';
import { type PageBindings, type PageCopy, PageSource } from './page-source.ts';
import { createRepresentation, matchesEtag, type Representation } from './representation.ts';
import { utcDate } from './wording.ts';

/** Worker of the public status pages. It reads the edge's own copy of a page and nothing else. */

type Bindings = PageBindings;
type Call = Context<{ Bindings: Bindings }>;

/** Lifetime of answers in browsers and proxies; inside this isolate a change shows within a second. */
const CACHE_CONTROL = 'public, max-age=30';
/** Half a year, without `includeSubDomains`: other names of the customer's domain may lack TLS. */
const STRICT_TRANSPORT_SECURITY = 'max-age=15552000';
/** Retry-After while the page's object is unavailable: it restarts within seconds. */
const RETRY_AFTER_SECONDS = '5';
/** Stands for the visitor's origin in what is kept; a name that nobody can have (RFC 2606). */
const ORIGIN_PLACEHOLDER = 'https://origin.invalid';

interface Format {
  readonly contentType: string;
  /** Whether the text holds links to the page itself. */
  readonly namesItself: boolean;
  /** `url` is the page's public address. */
  render(page: PageSnapshot, url: string, nowMs: number): string;
}

/** Every representation of a page, by its path below `/status/{slug}`. */
const FORMATS: Readonly<Record<string, Format>> = {
  '': {
    contentType: 'text/html; charset=utf-8',
    namesItself: false,
    render: (page, _url, nowMs) => renderPage(page, nowMs),
  },
  '/feed.atom': { contentType: 'application/atom+xml; charset=utf-8', namesItself: true, render: renderAtom },
  ...Object.fromEntries(
    Object.entries(ATLASSIAN_DOCUMENTS).map(([name, document]) => [`/api/v2/${name}`, jsonFormat(document)]),
  ),
};

function jsonFormat(document: AtlassianDocument): Format {
  return {
    contentType: 'application/json; charset=utf-8',
    namesItself: true,
    render: (page, url) => JSON.stringify(document(page, url)),
  };
}

/** `clock` answers milliseconds since the epoch. */
export function createStatusPages(clock: () => number): Hono<{ Bindings: Bindings }> {
  const source = new PageSource(clock);
  const app = new Hono<{ Bindings: Bindings }>();

  app.use(secureHeaders({ xFrameOptions: 'DENY', strictTransportSecurity: STRICT_TRANSPORT_SECURITY }));
  app.use(async (c, next) => {
    await next();
    c.header('Content-Security-Policy', await contentSecurityPolicy());
  });
  app.use(
    '/status/:slug/api/*',
    cors({
      origin: '*',
      allowMethods: ['GET', 'HEAD'],
      allowHeaders: ['If-None-Match'],
      exposeHeaders: ['ETag', 'Warning'],
    }),
  );

  for (const [path, format] of Object.entries(FORMATS)) {
    app.get(`/status/:slug${path}`, (c) => serve(c, path, format));
    app.all(`/status/:slug${path}`, (c) => refuse(c, 'method_not_allowed', { Allow: 'GET, HEAD' }));
  }
  app.get('/status/:slug/', (c) => c.redirect(new URL(c.req.url).pathname.slice(0, -1), 301));
  app.notFound((c) => refuse(c, 'not_found'));
  app.onError((error, c) => {
    console.error(JSON.stringify({ message: 'status page failed', path: c.req.path, error: String(error) }));
    return refuse(c, 'internal');
  });

  async function serve(c: Call, path: string, format: Format): Promise<Response> {
    const slug = c.req.param('slug') ?? '';
    const lookup = await source.find(slug, c.env, (work) => c.executionCtx.waitUntil(work));
    switch (lookup.kind) {
      case 'missing':
        return refuse(c, 'not_found');
      case 'unavailable':
        return refuse(c, 'unavailable', { 'Retry-After': RETRY_AFTER_SECONDS });
      case 'stale':
        // RFC 7234, section 5.5.1: the answer may be outdated. It must not be stored either.
        c.header('Warning', '110 - "Response is Stale"');
        c.header('Cache-Control', 'no-cache');
        return send(c, await represent(lookup.copy, path, format, c));
      case 'fresh':
        c.header('Cache-Control', CACHE_CONTROL);
        return send(c, await represent(lookup.copy, path, format, c));
    }
  }

  /**
   * Rendered once per revision and UTC day (the calendar moves at midnight), whatever hosts and queries visitors name.
   * The core says where the page is. For a core of an earlier version the visitor's origin stands in, which each answer
   * puts in the place of a placeholder.
   */
  async function represent(copy: PageCopy, path: string, format: Format, c: Call): Promise<Representation> {
    const nowMs = clock();
    const { page } = copy.view;
    const key = `${utcDate(nowMs)} ${path}`;
    let held = copy.representations.get(key);
    if (!held) {
      const body = format.render(page, page.url ?? `${ORIGIN_PLACEHOLDER}${pagePath(page.slug)}`, nowMs);
      held = await createRepresentation(body, format.contentType);
      copy.representations.set(key, held);
    }
    if (!format.namesItself || page.url !== undefined) return held;
    const { origin } = new URL(c.req.url);
    return { ...held, body: held.body.replaceAll(ORIGIN_PLACEHOLDER, origin) };
  }

  return app;
}

function send(c: Call, { body, contentType, etag }: Representation): Response {
  c.header('ETag', etag);
  if (matchesEtag(c.req.header('If-None-Match'), etag)) return c.body(null, 304);
  return c.body(body, 200, { 'Content-Type': contentType });
}

const ADVICE = {
  not_found: 'Check the address: it may be misspelt, or the page may have been taken down.',
  method_not_allowed: 'This address can only be read.',
  unavailable:
    'The page cannot be read right now. This says nothing about the services it reports on. Try again in a few seconds.',
  internal: 'The page could not be drawn. This says nothing about the services it reports on. Try again in a minute.',
} as const satisfies Partial<Record<ProblemCode, string>>;

/** Programs get a problem (RFC 9457), people a page in the status page's style. */
function refuse(c: Call, code: keyof typeof ADVICE, headers: Record<string, string> = {}): Response {
  const { status, title } = PROBLEMS[code];
  c.header('Cache-Control', 'no-store');
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  if (!c.req.path.includes('/api/')) return c.html(renderNotice(title, ADVICE[code]), status);
  const problem = problemOf(code, { detail: ADVICE[code], traceId: crypto.randomUUID().replaceAll('-', '') });
  return c.body(JSON.stringify(problem), status, { 'Content-Type': 'application/problem+json' });
}

export default createStatusPages(Date.now);
