import type { EdgeClient } from '#core/context.ts';
import { EdgeUnavailable } from '#core/edge-client.ts';
import { currentComponent } from '#domain/page/page-status.ts';
import {
  type ComponentState,
  type PageComponent,
  type PageSnapshot,
  pageSnapshotSchema,
} from '#domain/page/snapshot.ts';
import { type Assignment, assignmentSchema, type Directory } from '#domain/wire/wire.ts';
import type { SimulatedShard } from './shard.ts';
import type { SimulatedTime } from './simulated-time.ts';
import { requireEqual } from './violation.ts';

/** A fault of one call from the core to the edge, or from a shard to a page object. */
export type EdgeFault = 'away' | 'answer lost';

/**
 * The edge as the core's publisher sees it. Orders pass the schemas of the wire, an older version changes nothing, and the
 * same version must have the same content each time.
 */
export class SimulatedEdge implements EdgeClient {
  readonly pages = new Map<string, PageSnapshot>();
  /** Pages taken that were newer than the one they replaced. */
  pagesTaken = 0;
  readonly #shard: SimulatedShard;
  readonly #time: SimulatedTime;
  readonly #nextFault: () => EdgeFault | null;
  readonly #nextPushFault: () => EdgeFault | null;
  readonly #nextNotUnderstood: (ids: readonly string[]) => ReadonlySet<string>;
  /** The newest state that a shard has sent to each page, by slug and component. */
  readonly #states = new Map<string, Map<string, ComponentState>>();
  readonly #contents = new Map<string, unknown>();

  constructor(
    shard: SimulatedShard,
    time: SimulatedTime,
    next: {
      call: () => EdgeFault | null;
      push: () => EdgeFault | null;
      /** Draws the monitors of an assignment that this edge does not understand. */
      notUnderstood: (ids: readonly string[]) => ReadonlySet<string>;
    },
  ) {
    this.#shard = shard;
    this.#time = time;
    this.#nextFault = next.call;
    this.#nextPushFault = next.push;
    this.#nextNotUnderstood = next.notUnderstood;
  }

  async putAssignment(_shard: string, body: unknown): Promise<void> {
    await this.#call(() => this.takeAssignment(assignmentSchema.parse(overTheWire(body))));
  }

  async putPage(_slug: string, body: unknown): Promise<void> {
    await this.#call(() => this.takePage(pageSnapshotSchema.parse(overTheWire(body))));
  }

  async deletePage(slug: string): Promise<void> {
    await this.#call(() => this.forgetPage(slug));
  }

  async checkNow(_shard: string, monitorId: string): Promise<{ scheduledAt: string }> {
    this.#shard.checkNow(monitorId, this.#time.nowMs);
    return { scheduledAt: new Date(this.#time.nowMs).toISOString() };
  }

  async test(): Promise<never> {
    throw new EdgeUnavailable('Nobody tests here.');
  }

  takeAssignment(assignment: Assignment): void {
    this.#requireSame(`assignment ${assignment.shard} ${assignment.version}`, assignment);
    const ids = assignment.monitors.map(({ id }) => id);
    this.#shard.putAssignment(assignment, this.#nextNotUnderstood(ids), this.#time.nowMs);
  }

  takePage(page: PageSnapshot): void {
    this.#requireSame(`page ${page.pageId} ${page.version}`, withoutFigures(page));
    const held = this.pages.get(page.slug);
    if (held !== undefined && held.version >= page.version) return;
    this.pages.set(page.slug, page);
    this.pagesTaken++;
  }

  forgetPage(slug: string): void {
    this.pages.delete(slug);
    this.#states.delete(slug);
  }

  /** Sends component states from the shard to their pages. States for a page that is away stay for the next time. */
  pushStates(): void {
    for (const [slug, components] of Map.groupBy(this.#shard.dirty, ([, { slug }]) => slug)) {
      const fault = this.#nextPushFault();
      if (fault === 'away') continue;
      this.#takeStates(
        slug,
        components.map(([, { state }]) => state),
      );
      if (fault === 'answer lost') continue;
      for (const [key] of components) this.#shard.dirty.delete(key);
    }
  }

  /** As edge/status-page.ts: the newest state is kept, whatever the order of arrival. */
  #takeStates(slug: string, states: readonly ComponentState[]): void {
    const known = this.#states.get(slug) ?? new Map<string, ComponentState>();
    this.#states.set(slug, known);
    for (const state of states) {
      const before = known.get(state.componentId);
      if (before === undefined || before.observedAt <= state.observedAt) known.set(state.componentId, state);
    }
  }

  /** The components as a reader of the page sees them. */
  componentsOf(page: PageSnapshot): PageComponent[] {
    const states = this.#states.get(page.slug);
    return page.components.map((component) => currentComponent(component, states?.get(component.id)));
  }

  /** What the edge has to pull or to delete according to the core's directory. */
  behind(directory: Directory): { assignments: string[]; pages: string[]; gone: string[] } {
    const wanted = new Set(directory.pages.map(({ slug }) => slug));
    return {
      assignments: directory.shards
        .filter(({ version }) => version > this.#shard.version || !this.#shard.understoodAll)
        .map(({ shard }) => shard),
      pages: directory.pages
        .filter(({ slug, version }) => version > (this.pages.get(slug)?.version ?? 0))
        .map(({ slug }) => slug),
      gone: [...this.pages.keys()].filter((slug) => !wanted.has(slug)),
    };
  }

  async #call(take: () => void): Promise<void> {
    const fault = this.#nextFault();
    if (fault === 'away') throw new EdgeUnavailable('The edge is away.');
    take();
    if (fault === 'answer lost') throw new EdgeUnavailable('The edge took it, and its answer was lost.');
  }

  #requireSame(name: string, content: unknown): void {
    const known = this.#contents.get(name);
    if (known === undefined) this.#contents.set(name, content);
    else requireEqual(content, known, `${name} says the same each time`);
  }
}

function overTheWire(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body));
}

/** The content that must be the same for one version. Figures and times of observation change without a new version. */
function withoutFigures(page: PageSnapshot) {
  const { components, updatedAt: _moves, ...rest } = page;
  return {
    ...rest,
    components: components.map(({ id, name, status, monitored }) => ({ id, name, status, monitored })),
  };
}
