import type { CoordinatorEnv } from './env.ts';
import { log, reasonOf } from './log.ts';
import type { DirtyComponent, ShardStorage } from './shard-storage.ts';

/** Sends component states to the page objects directly, so that pages are current while the core is down. */
export class ComponentPush {
  readonly #pages: CoordinatorEnv['STATUS_PAGES'];
  readonly #storage: ShardStorage;
  #pushing = false;

  constructor(pages: CoordinatorEnv['STATUS_PAGES'], storage: ShardStorage) {
    this.#pages = pages;
    this.#storage = storage;
  }

  /** Sends all waiting states. The states of a page that cannot be reached wait for the next alarm. */
  async push(): Promise<void> {
    if (this.#pushing) return;
    this.#pushing = true;
    try {
      const failed = new Set<string>();
      for (;;) {
        const dirty = this.#storage.dirtyComponents().filter((component) => !failed.has(component.slug));
        if (dirty.length === 0) return;
        for (const [slug, components] of Map.groupBy(dirty, (component) => component.slug)) {
          if (!(await this.#pushTo(slug, components))) failed.add(slug);
        }
      }
    } finally {
      this.#pushing = false;
    }
  }

  async #pushTo(slug: string, components: readonly DirtyComponent[]): Promise<boolean> {
    try {
      await this.#pages.getByName(slug).putStates(components.map((component) => component.state));
      for (const component of components) this.#storage.markClean(component);
      return true;
    } catch (error) {
      log('warn', 'a status page could not be told', { shard: this.#storage.shard, slug, reason: reasonOf(error) });
      return false;
    }
  }
}
