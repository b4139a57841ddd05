import { Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import { chooseCoding } from '#domain/base/content-coding.ts';
import { codedTag, matchesTag } from '#domain/base/entity-tag.ts';
import { VOUCHED_MS_MAX } from '#domain/page/component-freshness.ts';
import { BoundedBytes } from './bounded-bytes.ts';
import { type RenderedPage, readPage, unzipped } from './rendered-page.ts';

/**
 * Age of bytes that are sent without asking the Worker. The Worker asks the page's object every 750 ms
 * (LOOKUP_INTERVAL_MS in status-pages/): together a change shows within a second.
 */
const FRESH_MS = 250;
/** A page of 20 components takes 12 KB in gzip, and 130 KB more once somebody asked for it uncompressed. */
const KEPT_BYTES_MAX = 32 * 1024 * 1024;
/** Connections to the Worker. One visitor asks for all who want the same path. */
const SOCKETS_MAX = 8;
/** workerd closes an idle connection after 5 s. */
const IDLE_SOCKET_MS = 3_000;
/** A page, its feed, or one of its JSON documents. The query says nothing. */
const PAGE_PATH = /^\/status\/[a-z0-9-]{1,63}(?:\/feed\.atom|\/api\/v2\/[a-z]{1,20}(?:\/[a-z]{1,20})?\.json)?$/;

/** The rendered bytes of status pages in the process that listens, so that not every visitor reaches workerd. */
export interface PageBytes {
  /** Answers the GET or HEAD of a page. False: nothing was sent, and the request is the Worker's to answer. */
  answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<boolean>;
  close(): void;
}

interface Kept {
  /** null: what the Worker has there may not be kept. */
  readonly page: RenderedPage | null;
  readonly askedAtMs: number;
  /** When the Worker sent or confirmed the page. Before `askedAtMs`: it does not answer. */
  readonly confirmedAtMs: number;
}

/** `worker` is where the status pages of workerd listen; `clock` answers milliseconds. */
export function createPageBytes(
  worker: { readonly host: string; readonly port: number },
  clock: () => number = () => performance.now(),
): PageBytes {
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX, timeout: IDLE_SOCKET_MS });
  const kept = new BoundedBytes<Kept>(KEPT_BYTES_MAX);
  const unzippedPages = new WeakMap<RenderedPage, Buffer>();
  const asking = new Map<string, Promise<Kept>>();

  async function ask(path: string): Promise<Kept> {
    const held = kept.get(path);
    const found = await readPage({ ...worker, agent }, path, held?.page ?? null).catch(() => undefined);
    const askedAtMs = clock();
    if (found !== undefined) return keep(path, { page: found, askedAtMs, confirmedAtMs: askedAtMs });
    const confirmedAtMs = held?.confirmedAtMs ?? Number.NEGATIVE_INFINITY;
    const isTooOld = askedAtMs - confirmedAtMs > VOUCHED_MS_MAX;
    return keep(path, { page: isTooOld ? null : (held?.page ?? null), askedAtMs, confirmedAtMs });
  }

  function keep(path: string, next: Kept): Kept {
    const { page } = next;
    const bytes = page === null ? 0 : page.gzip.length + (unzippedPages.get(page)?.length ?? 0);
    kept.set(path, next, bytes);
    return next;
  }

  function askOnce(path: string): Promise<Kept> {
    const running = asking.get(path) ?? ask(path).finally(() => asking.delete(path));
    asking.set(path, running);
    return running;
  }

  async function current(path: string): Promise<Kept> {
    const held = kept.get(path);
    if (held !== undefined && clock() - held.askedAtMs < FRESH_MS) return held;
    const next = askOnce(path);
    // Nobody waits a second time for a Worker that does not answer: its next answer takes effect when it comes.
    return held !== undefined && held.page !== null && isStale(held) ? held : next;
  }

  /** null for bytes that are no gzip, although the Worker says so. */
  async function identityOf(path: string, page: RenderedPage): Promise<Buffer | null> {
    const known = unzippedPages.get(page);
    if (known !== undefined) return known;
    const bytes = await unzipped(page).catch(() => null);
    if (bytes === null) return null;
    unzippedPages.set(page, bytes);
    // Its size counts from now on.
    const held = kept.get(path);
    if (held?.page === page) keep(path, held);
    return bytes;
  }

  return {
    async answer(incoming, outgoing) {
      const path = incoming.url?.split('?', 1)[0] ?? '';
      if ((incoming.method !== 'GET' && incoming.method !== 'HEAD') || !PAGE_PATH.test(path)) return false;
      const coding = chooseCoding(incoming.headers['accept-encoding']?.toString(), ['identity', 'gzip']);
      const held = await current(path);
      const { page } = held;
      if (page === null || coding === null) return false;
      const bytes = coding === 'gzip' ? page.gzip : await identityOf(path, page);
      if (bytes === null) return false;
      const tag = codedTag(page.tag, coding);
      const headers = [...(isStale(held) ? asStale(page.headers) : page.headers), 'ETag', tag];
      if (matchesTag(incoming.headers['if-none-match'], tag)) {
        outgoing.writeHead(304, headers).end();
        return true;
      }
      if (coding === 'gzip') headers.push('Content-Encoding', coding);
      headers.push('Content-Length', String(bytes.length));
      outgoing.writeHead(200, headers).end(incoming.method === 'HEAD' ? undefined : bytes);
      return true;
    },
    close() {
      agent.destroy();
    },
  };
}

function isStale({ askedAtMs, confirmedAtMs }: Kept): boolean {
  return confirmedAtMs < askedAtMs;
}

/** The answer may be outdated (RFC 7234, section 5.5.1), and must not be stored: as the Worker says it of its own. */
function asStale(headers: readonly string[]): string[] {
  const fresh = headers.map((text, index) =>
    headers[index - 1]?.toLowerCase() === 'cache-control' && index % 2 === 1 ? 'no-cache' : text,
  );
  return [...fresh, 'Warning', '110 - "Response is Stale"'];
}
