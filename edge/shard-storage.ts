import type { LocationId } from '#domain/check/location.ts';
import type { ComponentState } from '#domain/page/snapshot.ts';
import { type StoredWatchState, storedState, type Watch } from '#domain/watch/host.ts';
import { NOTHING_DARK, type StoredDarkness } from '#domain/watch/location-watch.ts';
import type { WatchState } from '#domain/watch/watch.ts';
import type { EdgeEvent } from '#domain/wire/wire.ts';

/** An event on its way to the core. `body` is its JSON. */
export interface OutboxEvent {
  readonly id: string;
  readonly kind: EdgeEvent['kind'];
  readonly body: string;
}

export interface OutboxRow extends OutboxEvent {
  readonly seq: number;
}

/** A component's state that its page object has not accepted yet. */
export interface DirtyComponent {
  readonly slug: string;
  readonly state: ComponentState;
}

/**
 * All SQL of a shard. Methods are synchronous: called in one turn of the event loop they become one commit, and
 * `atomically` makes them all or nothing.
 */
export class ShardStorage {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  #outboxBytes: number;
  #cursorMs: number;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#sql.exec(`
      CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS monitors (
        id TEXT PRIMARY KEY, assigned TEXT NOT NULL, from_ms INTEGER NOT NULL, state TEXT NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS ticks (id INTEGER PRIMARY KEY AUTOINCREMENT, rounds TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS outbox (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, kind TEXT NOT NULL,
        size INTEGER NOT NULL, body TEXT NOT NULL
      );
      CREATE TABLE IF NOT EXISTS dirty_components (
        slug TEXT NOT NULL, component_id TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (slug, component_id)
      ) WITHOUT ROWID;
    `);
    this.#cursorMs = Number(this.#meta('cursorMs') ?? 0);
    // Summed when the object wakes, then counted in memory. A stored sum would cost a written row for each event.
    this.#outboxBytes = this.#sql.exec<{ bytes: number }>('SELECT total(size) AS bytes FROM outbox').one().bytes;
  }

  atomically<T>(change: () => T): T {
    const bytesBefore = this.#outboxBytes;
    try {
      return this.#storage.transactionSync(change);
    } catch (error) {
      this.#outboxBytes = bytesBefore;
      throw error;
    }
  }

  /** The shard's own id; null before its first assignment. */
  get shard(): string | null {
    return this.#meta('shard');
  }

  get version(): number {
    return Number(this.#meta('version') ?? 0);
  }

  saveAssignmentVersion(shard: string, version: number): void {
    this.#saveMeta('shard', shard);
    this.#saveMeta('version', String(version));
  }

  /** How many monitors of the assignment are not understood. */
  get notUnderstood(): number {
    return Number(this.#meta('notUnderstood') ?? 0);
  }

  saveNotUnderstood(count: number): void {
    this.#saveMeta('notUnderstood', String(count));
  }

  /** Every slot up to this moment has been started or stored as missed. */
  get cursorMs(): number {
    return this.#cursorMs;
  }

  saveCursor(cursorMs: number): void {
    this.#saveMeta('cursorMs', String(cursorMs));
    this.#cursorMs = cursorMs;
  }

  /** `assigned` is sealed (edge/stored-monitors.ts). */
  monitors(): { readonly id: string; readonly assigned: string; readonly state: StoredWatchState }[] {
    return this.#sql
      .exec<{ id: string; assigned: string; from_ms: number; state: string }>(
        'SELECT id, assigned, from_ms, state FROM monitors',
      )
      .toArray()
      .map(({ id, assigned, from_ms, state }) => ({ id, assigned, state: readState(state, from_ms) }));
  }

  /** `sealed` is the monitor's assignment. */
  saveMonitor({ assigned, state }: Watch, sealed: string): void {
    this.#sql.exec(
      `INSERT INTO monitors (id, assigned, from_ms, state) VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET assigned = excluded.assigned, from_ms = excluded.from_ms, state = excluded.state`,
      assigned.id,
      sealed,
      state.fromMs,
      writeState(state),
    );
  }

  saveAssigned(monitorId: string, sealed: string): void {
    this.#sql.exec('UPDATE monitors SET assigned = ? WHERE id = ?', sealed, monitorId);
  }

  saveState({ assigned, state }: Watch): void {
    const { fromMs } = state;
    this.#sql.exec('UPDATE monitors SET from_ms = ?, state = ? WHERE id = ?', fromMs, writeState(state), assigned.id);
  }

  removeMonitor(monitorId: string): void {
    this.#sql.exec('DELETE FROM monitors WHERE id = ?', monitorId);
  }

  ticks(): { id: number; rounds: string }[] {
    return this.#sql.exec<{ id: number; rounds: string }>('SELECT id, rounds FROM ticks ORDER BY id').toArray();
  }

  addTick(rounds: string): number {
    return this.#sql.exec<{ id: number }>('INSERT INTO ticks (rounds) VALUES (?) RETURNING id', rounds).one().id;
  }

  saveTick(id: number, rounds: string | null): void {
    if (rounds === null) this.#sql.exec('DELETE FROM ticks WHERE id = ?', id);
    else this.#sql.exec('UPDATE ticks SET rounds = ? WHERE id = ?', rounds, id);
  }

  addEvents(events: readonly EdgeEvent[]): void {
    for (const event of events) {
      const body = JSON.stringify(event);
      const id = event.kind === 'check.completed' ? event.result.id : event.id;
      this.#sql.exec(
        'INSERT INTO outbox (id, kind, size, body) VALUES (?, ?, ?, ?)',
        id,
        event.kind,
        body.length,
        body,
      );
      this.#outboxBytes += body.length;
    }
  }

  /** The oldest events that wait, in the order they happened. */
  oldestEvents(limit: number): OutboxRow[] {
    return this.#sql
      .exec<{ seq: number; id: string; kind: string; body: string }>(
        'SELECT seq, id, kind, body FROM outbox ORDER BY seq LIMIT ?',
        limit,
      )
      .toArray() as unknown as OutboxRow[];
  }

  removeEvents(rows: readonly OutboxRow[]): void {
    const last = rows.at(-1);
    if (last === undefined) return;
    this.#deleteEvents('DELETE FROM outbox WHERE seq <= ? RETURNING size, 0 AS results', last.seq);
  }

  /** Drops the oldest events that carry results, never a transition; returns the number of results. */
  dropOldestResults(limit: number): number {
    return this.#deleteEvents(
      `DELETE FROM outbox WHERE seq IN (
         SELECT seq FROM outbox WHERE kind IN ('check.completed', 'check.missed') ORDER BY seq LIMIT ?
       ) RETURNING size, iif(kind = 'check.missed', json_array_length(body, '$.locations'), 1) AS results`,
      limit,
    );
  }

  get outboxBytes(): number {
    return this.#outboxBytes;
  }

  outboxDepth(): number {
    return this.#sql.exec<{ depth: number }>('SELECT count(*) AS depth FROM outbox').one().depth;
  }

  markDirty(slug: string, state: ComponentState): void {
    this.#sql.exec(
      `INSERT INTO dirty_components (slug, component_id, state) VALUES (?, ?, ?)
       ON CONFLICT (slug, component_id) DO UPDATE SET state = excluded.state`,
      slug,
      state.componentId,
      JSON.stringify(state),
    );
  }

  dirtyComponents(): DirtyComponent[] {
    return this.#sql
      .exec<{ slug: string; state: string }>('SELECT slug, state FROM dirty_components')
      .toArray()
      .map((row) => ({ slug: row.slug, state: JSON.parse(row.state) as ComponentState }));
  }

  /** Forgets a state that the page object has accepted. A component that changed meanwhile stays dirty. */
  markClean({ slug, state }: DirtyComponent): void {
    this.#sql.exec(
      'DELETE FROM dirty_components WHERE slug = ? AND component_id = ? AND state = ?',
      slug,
      state.componentId,
      JSON.stringify(state),
    );
  }

  /** True when something waits for the core or a page object. */
  hasWaiting(): boolean {
    const found = this.#sql.exec(
      'SELECT 1 WHERE EXISTS (SELECT 1 FROM outbox) OR EXISTS (SELECT 1 FROM dirty_components)',
    );
    return found.toArray().length > 0;
  }

  /** Version 0.1.0 stored a list of the locations that were dark for all monitors of the shard. */
  get dark(): StoredDarkness {
    const stored = JSON.parse(this.#meta('darkLocations') ?? '[]') as StoredDarkness | LocationId[];
    return Array.isArray(stored) ? { ...NOTHING_DARK, everybody: stored } : stored;
  }

  saveDark(dark: StoredDarkness): void {
    this.#saveMeta('darkLocations', JSON.stringify(dark));
  }

  /** Results dropped since the shard was created, because the core was away for too long. */
  get resultsDropped(): number {
    return Number(this.#meta('resultsDropped') ?? 0);
  }

  saveResultsDropped(count: number): void {
    this.#saveMeta('resultsDropped', String(count));
  }

  #deleteEvents(statement: string, argument: number): number {
    const deleted = this.#sql.exec<{ size: number; results: number }>(statement, argument).toArray();
    this.#outboxBytes -= deleted.reduce((sum, row) => sum + row.size, 0);
    return deleted.reduce((sum, row) => sum + row.results, 0);
  }

  #meta(key: string): string | null {
    return this.#sql.exec<{ value: string }>('SELECT value FROM meta WHERE key = ?', key).toArray()[0]?.value ?? null;
  }

  #saveMeta(key: string, value: string): void {
    this.#sql.exec(
      'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
      key,
      value,
    );
  }
}

/** Rounds are stored by their ticks, and `fromMs` in a column of its own. */
function writeState(state: WatchState): string {
  const { fromMs: _column, ...stored } = storedState(state);
  return JSON.stringify(stored);
}

/** Version 0.1.0 did not know `suspended`. */
function readState(text: string, fromMs: number): StoredWatchState {
  const stored = JSON.parse(text) as Omit<StoredWatchState, 'fromMs'>;
  return { ...stored, suspended: stored.suspended ?? false, fromMs };
}
