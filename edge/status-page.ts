import { DurableObject } from 'cloudflare:workers';
import { MINUTE_MS } from '#domain/base/duration.ts';
import { freshComponent, VOUCHED_MS_MAX } from '#domain/page/component-freshness.ts';
import { currentComponent } from '#domain/page/page-status.ts';
import { type ComponentState, PAGE_COMPONENTS_MAX, type PageSnapshot, type PageView } from '#domain/page/snapshot.ts';
import type { CoordinatorEnv } from './env.ts';
import type { Vouched } from './page-vouch.ts';

/** The last word of any shard is stored this often: twelve rows an hour and page. */
const HEARD_STORED_EVERY_MS = 5 * MINUTE_MS;

/**
 * One status page: the core's snapshot, and the current states of its components, sent by their shards. It stays current
 * while the core is away. A component that no shard vouches for is `unknown`.
 */
export class StatusPage extends DurableObject<CoordinatorEnv> {
  readonly #sql: SqlStorage;
  readonly #wokenMs = Date.now();
  /** Until when the status of each component holds. */
  readonly #vouchedUntilMs = new Map<string, number>();
  #heardStoredMs = 0;

  constructor(state: DurableObjectState, env: CoordinatorEnv) {
    super(state, env);
    this.#sql = state.storage.sql;
  }

  /** For the status-pages Worker: `GET https://page/view` → PageView, or 404 when there is no such page. */
  override fetch(request: Request): Response {
    if (request.method !== 'GET' || new URL(request.url).pathname !== '/view')
      return new Response(null, { status: 404 });
    const view = this.view();
    return view === null ? new Response(null, { status: 404 }) : Response.json(view);
  }

  /** Takes a newer snapshot; an older or equal one changes nothing. */
  putSnapshot(snapshot: PageSnapshot): { applied: boolean; version: number } {
    this.#prepare();
    const { version } = this.#page();
    if (snapshot.version <= version) return { applied: false, version };
    this.#sql.exec(
      'UPDATE page SET snapshot = ?, version = ?, revision = revision + 1',
      JSON.stringify(snapshot),
      snapshot.version,
    );
    return { applied: true, version: snapshot.version };
  }

  /** Lowers the known version after the core's database was restored, so that its snapshots count as newer again. */
  rewind(version: number): void {
    this.#prepare();
    this.#sql.exec('UPDATE page SET version = min(version, ?)', version);
  }

  /** Takes current states of components. For each component the newest observation counts, from shard or core. */
  putStates(states: readonly ComponentState[]): void {
    this.#prepare();
    let changed = 0;
    for (const state of states) {
      changed += this.#sql
        .exec(
          `INSERT INTO states (component_id, observed_ms, state) VALUES (?, ?, ?)
           ON CONFLICT (component_id) DO UPDATE SET observed_ms = excluded.observed_ms, state = excluded.state
           WHERE excluded.observed_ms >= states.observed_ms AND excluded.state <> states.state
           RETURNING component_id`,
          state.componentId,
          Date.parse(state.observedAt),
          JSON.stringify(state),
        )
        .toArray().length;
    }
    if (changed === 0) return;
    // Removes the oldest states beyond the number that a page can show: those of components that left the page.
    this.#sql.exec(
      'DELETE FROM states WHERE component_id NOT IN (SELECT component_id FROM states ORDER BY observed_ms DESC LIMIT ?)',
      PAGE_COMPONENTS_MAX,
    );
    this.#sql.exec('UPDATE page SET revision = revision + 1');
  }

  /** Takes until when the statuses of components hold. Kept in memory: a full disk must not end it. */
  vouch(vouched: readonly Vouched[]): void {
    const nowMs = Date.now();
    for (const [componentId, untilMs] of this.#vouchedUntilMs) {
      if (untilMs < nowMs) this.#vouchedUntilMs.delete(componentId);
    }
    for (const { componentId, untilMs } of vouched) this.#vouchedUntilMs.set(componentId, untilMs);
    if (nowMs - this.#heardStoredMs < HEARD_STORED_EVERY_MS || !this.#isPrepared()) return;
    this.#heardStoredMs = nowMs;
    this.#prepare();
    this.#sql.exec('INSERT INTO heard (id, ms) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET ms = excluded.ms', nowMs);
  }

  /** Forgets the page. Its revision is kept and counts on, so that caches distinguish a new page with the same slug. */
  remove(): void {
    this.#prepare();
    this.#sql.exec('DELETE FROM states');
    this.#sql.exec('UPDATE page SET snapshot = NULL, version = 0, revision = revision + 1');
  }

  view(): PageView | null {
    if (!this.#isPrepared()) return null;
    const { revision, snapshot } = this.#page();
    if (snapshot === null) return null;
    const page = JSON.parse(snapshot) as PageSnapshot;
    const states = this.#states();
    const nowMs = Date.now();
    const unheardMs = this.#unheardUntilMs();
    const unknown: string[] = [];
    const components = page.components.map((component) => {
      const current = currentComponent(component, states.get(component.id));
      const fresh = freshComponent(current, this.#vouchedUntilMs.get(component.id) ?? unheardMs, nowMs);
      if (fresh !== current) unknown.push(component.id);
      return fresh;
    });
    return { revision: revisionOf(revision, unknown), page: { ...page, components } };
  }

  /**
   * Until when a status holds that nobody has vouched for since this object woke. A shard vouches within a minute. The
   * stored word keeps an object that wakes for each visitor from waiting anew each time.
   */
  #unheardUntilMs(): number {
    const rows = this.#hasTable('heard') ? this.#sql.exec<{ ms: number }>('SELECT ms FROM heard').toArray() : [];
    const stored = rows[0]?.ms;
    const sinceWaking = this.#wokenMs + VOUCHED_MS_MAX;
    return stored === undefined ? sinceWaking : Math.min(sinceWaking, stored + HEARD_STORED_EVERY_MS + VOUCHED_MS_MAX);
  }

  /** Called before writes only: visitors may ask for any slug, and a page that does not exist must store nothing. */
  #prepare(): void {
    this.#sql.exec(`
      CREATE TABLE IF NOT EXISTS page (
        id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL, version INTEGER NOT NULL, snapshot TEXT
      );
      CREATE TABLE IF NOT EXISTS states (component_id TEXT PRIMARY KEY, observed_ms INTEGER NOT NULL, state TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS heard (id INTEGER PRIMARY KEY CHECK (id = 1), ms INTEGER NOT NULL);
      INSERT INTO page (id, revision, version, snapshot) VALUES (1, 0, 0, NULL) ON CONFLICT DO NOTHING;
    `);
  }

  #isPrepared(): boolean {
    return this.#hasTable('page');
  }

  /** An object that an earlier version has prepared lacks the newer tables until something is written. */
  #hasTable(name: string): boolean {
    return this.#sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", name).toArray().length > 0;
  }

  #page(): { revision: number; version: number; snapshot: string | null } {
    return this.#sql
      .exec<{ revision: number; version: number; snapshot: string | null }>(
        'SELECT revision, version, snapshot FROM page',
      )
      .one();
  }

  #states(): Map<string, ComponentState> {
    const rows = this.#sql.exec<{ state: string }>('SELECT state FROM states').toArray();
    return new Map(
      rows.map((row) => {
        const state = JSON.parse(row.state) as ComponentState;
        return [state.componentId, state];
      }),
    );
  }
}

/** Bits of a revision that say which components are unknown; the rest of the 53 bits of an integer counts changes. */
const UNKNOWN_BITS = 20;

/** The content also changes when time passes, so its caches are keyed by the count of changes and by what is unknown. */
function revisionOf(changes: number, unknown: readonly string[]): number {
  let hash = 0;
  for (const character of unknown.join()) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) % 2 ** UNKNOWN_BITS;
  return changes * 2 ** UNKNOWN_BITS + Math.abs(hash);
}
