import { freshComponent, VOUCHED_MS_MAX } from '#domain/page/component-freshness.ts';
import { PAGE_DIRECTORY_NAME, type PageView, pageViewSchema, SLUG_PATTERN } from '#domain/page/snapshot.ts';
import { BoundedMap } from './bounded-map.ts';
import type { Representation } from './representation.ts';
import { type KeepAlive, SharedWork } from './shared-work.ts';

/**
 * A changed page must show within a second, and a busy page must not send a request to its object for every visitor.
 * The last quarter of the second belongs to the front of the one-machine set-up (standalone/page-bytes.ts).
 */
export const LOOKUP_INTERVAL_MS = 750;
/** The object answers from memory or local SQLite in milliseconds. After this time the last copy is served. */
export const LOOKUP_TIMEOUT_MS = 2_000;
/** Most copies in an isolate of 128 MB. The largest page takes about 3 MB with its representations and their gzip. */
const COPIES_MAX = 24;
/** Most recently requested slugs, existing or not: about 100 bytes each. */
const CHECKED_SLUGS_MAX = 1_000;
/** Most representations of a page: seven formats, on two days around midnight. */
const REPRESENTATIONS_MAX = 14;

/** Revision of a copy that no object has given. */
const AGED = -1;

/** The used part of a Durable Object namespace. */
interface PageObjects {
  idFromName(name: string): DurableObjectId;
  get(id: DurableObjectId): { fetch(url: string, init: { signal: AbortSignal }): Promise<Response> };
}

export interface PageBindings {
  /** One object per slug. */
  readonly STATUS_PAGES: PageObjects;
  /** One object that holds the list of slugs. */
  readonly PAGE_DIRECTORY: PageObjects;
}

/** A page at one revision with its rendered representations. A new revision is a new copy. */
export interface PageCopy {
  readonly view: PageView;
  /** By the UTC day and the path below the page. */
  readonly representations: BoundedMap<string, Representation>;
}

export type PageLookup =
  | { readonly kind: 'fresh'; readonly copy: PageCopy }
  /** The page's object did not answer; this is its last answer. */
  | { readonly kind: 'stale'; readonly copy: PageCopy }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unavailable' };

/**
 * The isolate's copies of pages. Each slug's object is requested at most once per LOOKUP_INTERVAL_MS, by one visitor
 * for all.
 */
export class PageSource {
  readonly #clock: () => number;
  readonly #copies = new BoundedMap<string, PageCopy>(COPIES_MAX);
  /** When each copy was last confirmed by its page's object. */
  readonly #confirmedMs = new BoundedMap<string, number>(COPIES_MAX);
  readonly #checked = new BoundedMap<string, { kind: PageLookup['kind']; atMs: number }>(CHECKED_SLUGS_MAX);
  readonly #lookups: SharedWork<PageLookup>;

  constructor(clock: () => number) {
    this.#clock = clock;
    // A lookup has the timeouts of directory and page.
    this.#lookups = new SharedWork(clock, 2 * LOOKUP_TIMEOUT_MS + LOOKUP_INTERVAL_MS);
  }

  async find(slug: string, bindings: PageBindings, keepAlive: KeepAlive): Promise<PageLookup> {
    if (!SLUG_PATTERN.test(slug)) return { kind: 'missing' };
    return this.#recent(slug) ?? this.#lookups.run(slug, () => this.#look(slug, bindings), keepAlive);
  }

  #recent(slug: string): PageLookup | undefined {
    const checked = this.#checked.get(slug);
    if (checked === undefined || this.#clock() - checked.atMs >= LOOKUP_INTERVAL_MS) return undefined;
    if (checked.kind === 'missing' || checked.kind === 'unavailable') return { kind: checked.kind };
    const copy = this.#copies.get(slug);
    return copy && { kind: checked.kind, copy };
  }

  async #look(slug: string, bindings: PageBindings): Promise<PageLookup> {
    const lookup: PageLookup = (await this.#mayExist(slug, bindings.PAGE_DIRECTORY))
      ? await this.#ask(slug, bindings.STATUS_PAGES)
      : { kind: 'missing' };
    if (lookup.kind === 'fresh') this.#copies.set(slug, lookup.copy);
    if (lookup.kind === 'missing') this.#copies.delete(slug);
    this.#checked.set(slug, { kind: lookup.kind, atMs: this.#clock() });
    return lookup;
  }

  /**
   * A request to a page's object creates the object, and slugs can be guessed. The directory is therefore asked first,
   * unless the page was found a moment ago. When the directory is unavailable, the page's object is asked: serving
   * pages matters more than an object that a guess might create.
   */
  async #mayExist(slug: string, directory: PageObjects): Promise<boolean> {
    const before = this.#checked.get(slug)?.kind;
    if (before === 'fresh' || before === 'stale') return true;
    try {
      const response = await directory.get(directory.idFromName(PAGE_DIRECTORY_NAME)).fetch(`https://pages/${slug}`, {
        signal: AbortSignal.timeout(LOOKUP_TIMEOUT_MS),
      });
      return response.status !== 404;
    } catch (error) {
      console.error(JSON.stringify({ message: 'status page directory failed', slug, error: String(error) }));
      return true;
    }
  }

  async #ask(slug: string, objects: PageObjects): Promise<PageLookup> {
    try {
      const response = await objects.get(objects.idFromName(slug)).fetch('https://page/view', {
        signal: AbortSignal.timeout(LOOKUP_TIMEOUT_MS),
      });
      if (response.status === 404) {
        await response.body?.cancel();
        return { kind: 'missing' };
      }
      if (!response.ok) throw new Error(`the page object answered ${response.status}`);
      const view = pageViewSchema.parse(await response.json());
      this.#confirmedMs.set(slug, this.#clock());
      return { kind: 'fresh', copy: this.#copyOf(slug, view) };
    } catch (error) {
      console.error(JSON.stringify({ message: 'status page lookup failed', slug, error: String(error) }));
      const copy = this.#copies.get(slug);
      return copy ? { kind: 'stale', copy: this.#aged(slug, copy) } : { kind: 'unavailable' };
    }
  }

  /** The last copy of a page whose object has not answered for too long: what it observed then is unknown now. */
  #aged(slug: string, copy: PageCopy): PageCopy {
    const untilMs = (this.#confirmedMs.get(slug) ?? 0) + VOUCHED_MS_MAX;
    if (this.#clock() <= untilMs || copy.view.revision === AGED) return copy;
    const components = copy.view.page.components.map((one) => freshComponent(one, untilMs, this.#clock()));
    const view = { revision: AGED, page: { ...copy.view.page, components } };
    const aged = { view, representations: new BoundedMap<string, Representation>(REPRESENTATIONS_MAX) };
    this.#copies.set(slug, aged);
    return aged;
  }

  #copyOf(slug: string, view: PageView): PageCopy {
    const held = this.#copies.get(slug);
    const same = held?.view.revision === view.revision && held.view.page.pageId === view.page.pageId;
    return held && same ? held : { view, representations: new BoundedMap(REPRESENTATIONS_MAX) };
  }
}
