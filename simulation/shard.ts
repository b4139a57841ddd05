import { MINUTE_MS } from '#domain/base/duration.ts';
import type { ComponentState } from '#domain/page/snapshot.ts';
import { locationEvent } from '#domain/watch/events.ts';
import {
  componentsToTell,
  type Happening,
  lingerMs,
  type StoredWatchState,
  storedState,
  type Watch,
  wokenWatch,
} from '#domain/watch/host.ts';
import { type LocationChange, LocationWatch, NOTHING_DARK, type StoredDarkness } from '#domain/watch/location-watch.ts';
import type { Round } from '#domain/watch/round.ts';
import { beginWatch, nextTickMs, type Reduced, reduceWatch, type WatchInput } from '#domain/watch/watch.ts';
import type { AssignedMonitor, Assignment, EdgeEvent } from '#domain/wire/wire.ts';
import { decodeTick, encodeTick } from '#edge/ticks.ts';
import type { Targets } from './targets.ts';
import { WatchedAlone } from './watched-alone.ts';

/** An entry of the shard's chronicle, from which the invariants judge again. */
export type Occurrence =
  /** An event, sent while the monitor was watched as `assigned`. */
  | { readonly kind: 'told'; readonly event: EdgeEvent; readonly assigned: AssignedMonitor }
  /** `before` is undefined for a monitor that is new, `next` for one that is gone. */
  | { readonly kind: 'assigned'; readonly before: AssignedMonitor | undefined; readonly next: AssignedMonitor }
  /** The monitor is not checked any more, because the edge does not understand it. */
  | { readonly kind: 'suspended'; readonly monitorId: string };

interface Arrival extends Happening {
  /** By the simulated time. A wrong clock of the shard does not change how long an answer takes. */
  readonly atMs: number;
}

/** A component's state that its page has not been sent yet. */
interface DirtyComponent {
  readonly slug: string;
  readonly state: ComponentState;
}

interface StoredWatch {
  readonly assigned: AssignedMonitor;
  readonly state: StoredWatchState;
}

/** The edge's cron comes once a minute. */
const CRON_MS = MINUTE_MS;

/** What an eviction keeps: the shard's tables. */
interface Stored {
  readonly watches: readonly string[];
  readonly rounds: string | null;
  readonly dark: StoredDarkness;
}

/**
 * A host of the watches of domain/watch, as edge/monitor-shard.ts is one, with targets, a clock and restarts that a seed
 * draws. It keeps its events in order until the core has acknowledged them.
 */
export class SimulatedShard {
  readonly watches = new Map<string, Watch>();
  /** All events so far, in order. */
  readonly told: EdgeEvent[] = [];
  readonly chronicle: Occurrence[] = [];
  /** How many of these events the core has acknowledged. */
  acknowledged = 0;
  version = 0;
  /** False while the edge does not understand a monitor of the assignment. */
  understoodAll = true;
  /** Component states that their page has not been sent yet, by slug and component. */
  readonly dirty = new Map<string, DirtyComponent>();
  readonly #name: string;
  readonly #targets: Targets;
  #locations: LocationWatch;
  readonly #alone = new WatchedAlone();
  /** Every slot up to this time of the shard's own clock was started or reported as missed. */
  #cursorMs: number;
  /** How far the shard's clock is ahead of the simulated time. */
  #aheadMs = 0;
  #arrivals: Arrival[] = [];
  #nowMs: number;
  /** When the cron came last. */
  #cronMs: number;

  constructor(name: string, targets: Targets, nowMs: number) {
    this.#name = name;
    this.#targets = targets;
    this.#locations = new LocationWatch(NOTHING_DARK, false, nowMs);
    this.#cursorMs = nowMs;
    this.#nowMs = nowMs;
    this.#cronMs = nowMs;
  }

  get waiting(): readonly EdgeEvent[] {
    return this.told.slice(this.acknowledged);
  }

  /* ---- time ---------------------------------------------------------------------------------------------- */

  /** Sets the shard's clock to `aheadMs` ahead of the simulated time. */
  setClock(aheadMs: number): void {
    this.#aheadMs = aheadMs;
  }

  /** Starts rounds and commits answers until `nowMs`, each at its time. */
  runUntil(nowMs: number): void {
    for (;;) {
      const tickMs = this.#nextTickMs() - this.#aheadMs;
      const commitMs = this.#nextCommitMs();
      const cronMs = this.#cronMs + CRON_MS;
      const nextMs = Math.min(tickMs, commitMs, cronMs);
      if (nextMs > nowMs) break;
      // After the clock was set forward an alarm may lie in the past. It rings at once.
      this.#nowMs = Math.max(this.#nowMs, nextMs);
      if (cronMs === nextMs) this.#cron();
      else if (commitMs <= tickMs) this.#commitArrivals(commitMs);
      else this.#startDueRounds();
    }
    this.#nowMs = Math.max(this.#nowMs, nowMs);
  }

  get #clockMs(): number {
    return this.#nowMs + this.#aheadMs;
  }

  #nextTickMs(): number {
    const ticks = [...this.watches.values()].map(({ assigned, state }) =>
      nextTickMs(assigned, state, this.#cursorMs, this.#clockMs),
    );
    return Math.min(...ticks.map((atMs) => atMs ?? Number.POSITIVE_INFINITY));
  }

  /** When the waiting answers are committed: the earliest end of their waits (lingerMs). */
  #nextCommitMs(): number {
    let commitMs = Number.POSITIVE_INFINITY;
    for (const arrival of this.#arrivals) {
      if (arrival.atMs > commitMs) break;
      commitMs = Math.min(commitMs, arrival.atMs + lingerMs(this.watches.get(arrival.monitorId), arrival.input));
    }
    return commitMs;
  }

  #startDueRounds(): void {
    const startedMs = this.#cursorMs;
    const due = [...this.watches].filter(([, { assigned, state }]) => {
      const atMs = nextTickMs(assigned, state, startedMs, this.#clockMs);
      return atMs !== null && atMs <= this.#clockMs;
    });
    for (const [monitorId] of due) this.#happen({ monitorId, input: { kind: 'tick', startedMs } });
    this.#cursorMs = this.#clockMs;
  }

  #commitArrivals(untilMs: number): void {
    const arrived = this.#arrivals.filter(({ atMs }) => atMs <= untilMs);
    this.#arrivals = this.#arrivals.filter(({ atMs }) => atMs > untilMs);
    this.#watchLocations(arrived);
    for (const arrival of arrived) this.#happen(arrival);
  }

  #watchLocations(arrived: readonly Happening[]): void {
    for (const happening of arrived) {
      const watch = this.watches.get(happening.monitorId);
      this.#locations.hear(watch, happening.input, this.#clockMs);
      this.#alone.hear(watch, happening, this.#clockMs);
    }
    this.#tellChanges(this.#locations.look(this.#clockMs));
    this.#alone.look(this.#clockMs);
  }

  #cron(): void {
    this.#cronMs = this.#nowMs;
    this.#tellChanges(this.#locations.lookAtAll(this.#clockMs));
    this.#alone.lookAtAll(this.#clockMs);
  }

  #tellChanges(changes: readonly LocationChange[]): void {
    this.told.push(...changes.map((change) => locationEvent(this.#name, change)));
  }

  /** An eviction and a new start at `nowMs`. Memory is lost, and so are the answers under way. */
  restart(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    const stored = this.#stored();
    this.#arrivals = [];
    this.watches.clear();
    this.#locations = new LocationWatch(stored.dark, false, this.#clockMs);
    this.#alone.restart(this.#clockMs);
    const watches = stored.watches.map((text) => JSON.parse(text) as StoredWatch);
    const byId = new Map(watches.map(({ assigned }) => [assigned.id, assigned]));
    const open = stored.rounds === null ? [] : decodeTick(stored.rounds, (id) => byId.get(id));
    for (const { assigned, state } of watches) {
      const rounds = open.filter(({ monitorId }) => monitorId === assigned.id).map(({ round }) => round);
      this.watches.set(assigned.id, wokenWatch(assigned, state, rounds, this.#cursorMs, this.#clockMs));
    }
    for (const [monitorId, { state }] of this.watches) {
      if (state.rounds.length > 0) this.#happen({ monitorId, input: { kind: 'interrupted' } });
    }
    this.#startDueRounds();
  }

  #stored(): Stored {
    const rounds = [...this.watches].flatMap(([monitorId, { state }]) =>
      state.rounds.map((round) => ({ monitorId, round })),
    );
    const watches = [...this.watches.values()].map(({ assigned, state }) =>
      JSON.stringify({ assigned, state: storedState(state) } satisfies StoredWatch),
    );
    return { watches, rounds: encodeTick(rounds), dark: this.#locations.dark };
  }

  /** False when the monitor is not here. */
  checkNow(monitorId: string, nowMs: number): boolean {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    if (!this.watches.has(monitorId)) return false;
    this.#happen({ monitorId, input: { kind: 'checkNow', atMs: nowMs } });
    return true;
  }

  /* ---- assignments --------------------------------------------------------------------------------------- */

  /** `notUnderstood`: ids of monitors that an edge of an earlier version would not understand. */
  putAssignment({ version, monitors }: Assignment, notUnderstood: ReadonlySet<string>, nowMs: number): void {
    if (version < this.version || (version === this.version && this.understoodAll)) return;
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    this.version = version;
    this.understoodAll = notUnderstood.size === 0;
    const kept = new Set(monitors.map((monitor) => monitor.id));
    for (const monitorId of [...this.watches.keys()].filter((id) => !kept.has(id))) {
      this.#happen({ monitorId, input: { kind: 'removed' } });
      this.watches.delete(monitorId);
      this.#locations.forget(monitorId);
      this.#alone.forget(monitorId);
    }
    for (const monitorId of notUnderstood) {
      this.chronicle.push({ kind: 'suspended', monitorId });
      this.#happen({ monitorId, input: { kind: 'notUnderstood' } });
    }
    for (const assigned of monitors) if (!notUnderstood.has(assigned.id)) this.#assign(assigned);
  }

  #assign(next: AssignedMonitor): void {
    const before = this.watches.get(next.id);
    this.chronicle.push({ kind: 'assigned', before: before?.assigned, next });
    if (before === undefined) {
      this.#enter(next, next, beginWatch(next, { nowMs: this.#clockMs }));
      return;
    }
    this.#locations.reassign(before.assigned, next);
    this.#alone.reassign(before.assigned, next);
    this.#happen({ monitorId: next.id, input: { kind: 'assigned', next } });
  }

  /* ---- what happens to watches --------------------------------------------------------------------------- */

  #happen({ monitorId, input }: Happening): void {
    const before = this.watches.get(monitorId);
    if (before === undefined) return;
    const nowMs = this.#clockMs;
    const dark = this.#locations.darkFor(before.assigned, nowMs);
    this.#alone.requireSame(before.assigned, dark, nowMs);
    const reduced = reduceWatch(before.assigned, before.state, input, { nowMs, dark });
    this.#enter(before.assigned, input.kind === 'assigned' ? input.next : before.assigned, reduced);
  }

  #enter(before: AssignedMonitor, assigned: AssignedMonitor, { state, events, ask }: Reduced): void {
    for (const told of componentsToTell(this.watches.get(assigned.id), { assigned, state })) {
      this.dirty.set(`${told.slug} ${told.state.componentId}`, told);
    }
    this.watches.set(assigned.id, { assigned, state });
    this.told.push(...events);
    this.chronicle.push(...events.map((event) => ({ kind: 'told' as const, event, assigned: before })));
    for (const round of ask) this.#ask(assigned, round);
  }

  #ask(assigned: AssignedMonitor, round: Round): void {
    const answers = this.#targets.round(assigned, round, { nowMs: this.#nowMs, clockMs: this.#clockMs });
    for (const { location, answer, afterMs } of answers) {
      const input: WatchInput =
        'outcome' in answer
          ? { kind: 'answered', round, location, answer }
          : { kind: 'unanswered', round, locations: [location], why: answer };
      this.#arrivals.push({ atMs: this.#nowMs + afterMs, monitorId: assigned.id, input });
    }
    this.#arrivals.sort((one, other) => one.atMs - other.atMs);
  }
}
