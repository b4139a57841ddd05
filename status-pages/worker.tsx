import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import { secureHeaders } from 'hono/secure-headers';
import { chooseCoding } from '#domain/base/content-coding.ts';
import { matchesTag } from '#domain/base/entity-tag.ts';
import { PROBLEMS, type ProblemCode, problemOf } from '#domain/base/problem.ts';
import { discardBody } from '#domain/base/unread-body.ts';
import type { PageSnapshot } from '#domain/page/snapshot.ts';
import { ATLASSIAN_DOCUMENTS, type AtlassianDocument } from './atlassian.ts';
import { renderAtom } from './atom.ts';
import { contentSecurityPolicy } from './content-security-policy.ts';
import { renderNotice } from './notice.tsx';
import { renderPage } from './page.tsx';
import { pagePath } from './page-facts.ts';
import { type PageBindings, type PageCopy, PageSource } from './page-source.ts';
import { createRepresentation, PAGE_CODINGS, type PageCoding, type Representation } from './representation.ts';
import { SharedWork } from './shared-work.ts';
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
/** Rendering and compressing the largest page takes a tenth of a second. */
const RENDERING_TIMEOUT_MS = 2_000;
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
  const renderings = new SharedWork<Representation>(clock, RENDERING_TIMEOUT_MS);
  const app = new Hono<{ Bindings: Bindings }>();

  app.use(secureHeaders({ xFrameOptions: 'DENY', strictTransportSecurity: STRICT_TRANSPORT_SECURITY }));
  app.use(async (c, next) => {
    await next();
    c.res.headers.set('Content-Security-Policy', await contentSecurityPolicy());
    await discardBody(c.req.raw.body);
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
    c.header('Vary', 'Accept-Encoding');
    const coding = chooseCoding(acceptedCodings(c), PAGE_CODINGS);
    if (coding === null) return refuse(c, 'not_acceptable');
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
        return answer(c, lookup.copy, path, format, coding);
      case 'fresh':
        c.header('Cache-Control', CACHE_CONTROL);
        return answer(c, lookup.copy, path, format, coding);
    }
  }

  async function answer(c: Call, copy: PageCopy, path: string, format: Format, coding: PageCoding): Promise<Response> {
    const held = await represent(copy, path, format, c);
    return format.namesItself && copy.view.page.url === undefined ? sendFromHere(c, held) : send(c, held, coding);
  }

  /**
   * Rendered and compressed once per revision and UTC day (the calendar moves at midnight), by one visitor for all who
   * wait, whatever hosts and queries they name. The core says where the page is.
   */
  async function represent(copy: PageCopy, path: string, format: Format, c: Call): Promise<Representation> {
    const nowMs = clock();
    const { page, revision } = copy.view;
    const key = `${utcDate(nowMs)} ${path}`;
    const render = async () => {
      const text = format.render(page, page.url ?? `${ORIGIN_PLACEHOLDER}${pagePath(page.slug)}`, nowMs);
      const made = await createRepresentation(text, format.contentType);
      copy.representations.set(key, made);
      return made;
    };
    return (
      copy.representations.get(key) ??
      renderings.run(`${page.pageId} ${revision} ${key}`, render, (work) => c.executionCtx.waitUntil(work))
    );
  }

  return app;
}

/** On Cloudflare the header names the codings of the zone, and `cf` those of the visitor. */
function acceptedCodings(c: Call): string | undefined {
  const { cf } = c.req.raw as { cf?: { clientAcceptEncoding?: string } };
  return cf?.clientAcceptEncoding ?? c.req.header('Accept-Encoding');
}

function send(c: Call, { bytes, contentType, tags }: Representation, coding: PageCoding): Response {
  c.header('ETag', tags[coding]);
  if (matchesTag(c.req.header('If-None-Match'), tags[coding])) return c.body(null, 304);
  if (coding === 'identity') return c.body(bytes.identity, 200, { 'Content-Type': contentType });
  const { headers } = c.body(null, 200, { 'Content-Type': contentType, 'Content-Encoding': coding });
  // Without this option workerd would compress the bytes a second time.
  return new Response(bytes[coding], { headers, encodeBody: 'manual' });
}

/**
 * For a core of an earlier version, which does not say where the page is: the visitor's origin stands in the place of a
 * placeholder. These bytes are made for each answer, so they are not compressed.
 */
function sendFromHere(c: Call, held: Representation): Response {
  const { origin } = new URL(c.req.url);
  const text = new TextDecoder().decode(held.bytes.identity).replaceAll(ORIGIN_PLACEHOLDER, origin);
  c.header('Vary', 'Host', { append: true });
  return send(
    c,
    { ...held, bytes: { ...held.bytes, identity: new Uint8Array(new TextEncoder().encode(text)) } },
    'identity',
  );
}

const ADVICE = {
  not_found: 'Check the address: it may be misspelt, or the page may have been taken down.',
  not_acceptable: 'This address is sent as it is or in gzip, and your program accepts neither.',
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
