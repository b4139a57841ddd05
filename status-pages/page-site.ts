import { PAGE_DIRECTORY_NAME, type PageSnapshot } from '#domain/page/snapshot.ts';
import { SAMPLE_NOW_MS } from './sample-page.ts';
import { createStatusPages } from './worker.tsx';

/**
 * For tests: the Worker with objects that keep the contracts of edge/status-page.ts and edge/page-directory.ts, and
 * with a settable clock.
 */
export function createPageSite() {
  let nowMs = SAMPLE_NOW_MS;
  const pages = new Map<string, { revision: number; page: unknown }>();
  const asked: string[] = [];
  const lookedUp: string[] = [];
  let failure: (() => Promise<Response>) | undefined;
  let directoryIsAway = false;

  const app = createStatusPages(() => nowMs);
  const objects = {
    idFromName: (slug: string) => slug as unknown as DurableObjectId,
    get: (id: DurableObjectId) => ({
      fetch: async () => {
        const slug = String(id);
        asked.push(slug);
        // Lets a second visitor arrive while the first one waits.
        await Promise.resolve();
        if (failure) return failure();
        const view = pages.get(slug);
        return view ? Response.json(view) : new Response(null, { status: 404 });
      },
    }),
  };

  const directory = {
    idFromName: (name: string) => name as unknown as DurableObjectId,
    get: (id: DurableObjectId) => ({
      fetch: async (url: string) => {
        if (directoryIsAway) throw new Error('Durable Object reset');
        const slug = new URL(url).pathname.slice(1);
        lookedUp.push(slug);
        const found = String(id) === PAGE_DIRECTORY_NAME && pages.has(slug);
        return new Response(null, { status: found ? 204 : 404 });
      },
    }),
  };

  return {
    /** Slugs requested from page objects, in order. */
    asked,
    /** Slugs requested from the directory, in order. */
    lookedUp,
    publish(page: PageSnapshot | { slug: string }): void {
      pages.set(page.slug, { revision: (pages.get(page.slug)?.revision ?? 0) + 1, page });
    },
    remove(slug: string): void {
      pages.delete(slug);
    },
    breakObjects(how?: () => Promise<Response>): void {
      failure = how ?? (() => Promise.reject(new Error('Durable Object reset')));
    },
    repairObjects(): void {
      failure = undefined;
    },
    breakDirectory(): void {
      directoryIsAway = true;
    },
    pass(ms: number): void {
      nowMs += ms;
    },
    /** The path, on the usual host; or a URL with another one. */
    get(path: string, init: RequestInit = {}): Promise<Response> {
      return this.send(new Request(new URL(path, 'https://status.example'), init));
    },
    send(request: Request): Promise<Response> {
      const context = { waitUntil() {}, passThroughOnException() {}, props: {} } as unknown as ExecutionContext;
      return Promise.resolve(app.fetch(request, { STATUS_PAGES: objects, PAGE_DIRECTORY: directory }, context));
    },
  };
}
