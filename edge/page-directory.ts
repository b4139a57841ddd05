import { DurableObject } from 'cloudflare:workers';
import { PAGE_DIRECTORY_NAME } from '#domain/page/snapshot.ts';
import type { CoordinatorEnv } from './env.ts';

/** The object that lists the pages of the edge. */
export function pageDirectoryOf(env: CoordinatorEnv): DurableObjectStub<PageDirectory> {
  return env.PAGE_DIRECTORY.getByName(PAGE_DIRECTORY_NAME);
}

/**
 * The pages of the edge with their versions, known without the core. The list is apart from the inventory, because each
 * visitor's request reads it, and orders of the core must not wait behind visitors.
 */
export class PageDirectory extends DurableObject<CoordinatorEnv> {
  readonly #sql: SqlStorage;

  constructor(state: DurableObjectState, env: CoordinatorEnv) {
    super(state, env);
    this.#sql = state.storage.sql;
    this.#sql.exec('CREATE TABLE IF NOT EXISTS pages (slug TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID');
  }

  /** For the status-pages Worker: see PAGE_DIRECTORY_NAME. */
  override fetch(request: Request): Response {
    const slug = new URL(request.url).pathname.slice(1);
    const found = this.#sql.exec('SELECT 1 FROM pages WHERE slug = ?', slug).toArray().length > 0;
    return new Response(null, { status: request.method === 'GET' && found ? 204 : 404 });
  }

  list(): { slug: string; version: number }[] {
    return this.#sql.exec<{ slug: string; version: number }>('SELECT slug, version FROM pages').toArray();
  }

  put(slug: string, version: number): void {
    this.#sql.exec(
      'INSERT INTO pages (slug, version) VALUES (?, ?) ON CONFLICT (slug) DO UPDATE SET version = excluded.version',
      slug,
      version,
    );
  }

  forget(slug: string): void {
    this.#sql.exec('DELETE FROM pages WHERE slug = ?', slug);
  }
}
