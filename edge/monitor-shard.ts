import { DurableObject } from 'cloudflare:workers';
import type { LocationId } from '#domain/check/location.ts';
import { locationEvent } from '#domain/watch/events.ts';
import {
  componentsToTell,
  type Happening,
  lingerMs,
  type StoredWatchState,
  type Watch,
  wokenWatch,
} from '#domain/watch/host.ts';
import { type LocationChange, LocationWatch, type StoredDarkness } from '#domain/watch/location-watch.ts';
import { type Round, roundKey } from '#domain/watch/round.ts';
import { beginWatch, nextTickMs, type Reduced, reduceWatch, type WatchInput } from '#domain/watch/watch.ts';
import type { AssignedMonitor, EdgeEvent } from '#domain/wire/wire.ts';
import { hasCanaries } from './canaries.ts';
import { type AskedRound, CheckDispatch } from './check-dispatch.ts';
import { ComponentPush } from './component-push.ts';
import type { CoordinatorEnv } from './env.ts';
import { log, reasonOf } from './log.ts';
import { Outbox } from './outbox.ts';
import { PageVouch } from './page-vouch.ts';
import { ShardStorage } from './shard-storage.ts';
import { StateSeal } from './state-seal.ts';
import { readStoredMonitors, type StoredMonitor, sealedAssignment } from './stored-monitors.ts';
import { decodeTick, encodeTick, type MonitorRound, type Tick, Ticks } from './ticks.ts';
import type { UnderstoodAssignment } from './understood-assignment.ts';
import { uplinkOf } from './uplink.ts';

/** Interval of attempts while events wait for the core, or component states for a page. */
const RETRY_EVERY_MS = 5_000;
/** Wait before a failed alarm is repeated. The platform itself would give up after six attempts. */
const ALARM_RETRY_MS = 1_000;

/** The figures of a shard. */
export interface ShardFigures {
  readonly shard: string | null;
  readonly version: number;
  readonly monitors: number;
  /** Monitors of the assignment that this edge does not understand, or cannot open. They are not checked. */
  readonly notUnderstood: number;
  readonly openRounds: number;
  /** Checks that wait for room. */
  readonly waitingChecks: number;
  /** Checks that found no room in time since the object woke. */
  readonly overloadedChecks: number;
  readonly outboxDepth: number;
  readonly outboxBytes: number;
  readonly resultsDropped: number;
  readonly dark: StoredDarkness;
  readonly nextAlarmAt: string | null;
}

/** What the cron learns of a shard that it woke. */
export interface Revived {
  readonly version: number;
  readonly understoodAll: boolean;
}

/** A monitor before and after what happened to it. */
interface Change {
  readonly before: Watch | undefined;
  readonly after: Watch;
  readonly reduced: Reduced;
  /** The assignment as it is to be stored; null when it is stored already. */
  readonly sealed: string | null;
}

/** The host of up to 200 watches: starts the checks that they ask for, passes the answers to them, stores their state. */
export class MonitorShard extends DurableObject<CoordinatorEnv> {
  readonly #storage: ShardStorage;
  readonly #outbox: Outbox;
  readonly #pages: ComponentPush;
  readonly #vouch: PageVouch;
  readonly #seal: StateSeal;
  readonly #watches = new Map<string, Watch>();
  /** Monitors whose assignment cannot be opened, until the core sends it again. */
  readonly #sealedAway = new Map<string, StoredWatchState>();
  readonly #ticks = new Ticks();
  /** Ticks whose rounds have changed since they were stored. The next commit stores them. */
  readonly #changedTicks = new Set<Tick>();
  readonly #checks: CheckDispatch;
  readonly #locations: LocationWatch;
  #shard: string;
  #arrivals: Happening[] = [];
  #nextCommit: { readonly timer: ReturnType<typeof setTimeout>; readonly dueMs: number } | null = null;
  #urgent = false;

  constructor(state: DurableObjectState, env: CoordinatorEnv) {
    super(state, env);
    this.#storage = new ShardStorage(state.storage);
    this.#outbox = new Outbox(this.#storage, (rows) => uplinkOf(env, this.#shard).deliver(this.#shard, [...rows]));
    this.#pages = new ComponentPush(env.STATUS_PAGES, this.#storage);
    this.#vouch = new PageVouch(env.STATUS_PAGES, Date.now());
    this.#checks = new CheckDispatch({
      env: () => this.env,
      shard: () => this.#shard,
      arrive: (happenings) => this.#arrive(happenings),
      waitUntil: (work) => this.ctx.waitUntil(work),
    });
    this.#shard = this.#storage.shard ?? '';
    this.#locations = new LocationWatch(this.#storage.dark, hasCanaries(env), Date.now());
    this.#seal = new StateSeal(env.EDGE_PRIVATE_JWK);
    // Whatever calls the object waits for this.
    void state.blockConcurrencyWhile(async () => {
      const stored = await readStoredMonitors(this.#storage, this.#seal);
      this.#storage.atomically(() => this.#wake(stored, Date.now()));
    });
  }

  /** Starts due rounds, and sends what waits. It does not wait for targets, because rounds overlap, and never throws. */
  override async alarm(): Promise<void> {
    try {
      this.#startDueRounds(Date.now());
      this.#sendWaiting();
      this.ctx.waitUntil(this.#vouch.tell(this.#watches.values(), Date.now()));
    } catch (error) {
      log('error', 'rounds could not be started', { shard: this.#shard, reason: reasonOf(error) });
      await this.ctx.storage.setAlarm(Date.now() + ALARM_RETRY_MS);
    }
  }

  /**
   * Called by the cron: does the work of an alarm that was lost, sets the next alarm, and ends darkness that nothing
   * proves any more.
   */
  async revive(): Promise<Revived> {
    await this.alarm();
    this.#lookAtLocations(Date.now());
    return { version: this.#storage.version, understoodAll: this.#storage.notUnderstood === 0 };
  }

  /**
   * Replaces all monitors when the assignment is newer than the shard's, or is the same one and a part of it was not
   * understood before.
   */
  async putAssignment({ shard, version, monitors, notUnderstood }: UnderstoodAssignment): Promise<{
    applied: boolean;
    version: number;
  }> {
    // Before the versions are compared: while it waits, another assignment may come.
    const sealed = await this.#sealed(monitors);
    const known = this.#storage.version;
    if (version < known || (version === known && this.#storage.notUnderstood === 0)) {
      return { applied: false, version: known };
    }
    this.#shard = shard;
    this.#replaceMonitors(monitors, sealed, notUnderstood, Date.now(), () => {
      this.#storage.saveAssignmentVersion(shard, version);
      this.#storage.saveNotUnderstood(notUnderstood.length);
    });
    this.#vouch.renew();
    this.ctx.waitUntil(this.#vouch.tell(this.#watches.values(), Date.now()));
    return { applied: true, version };
  }

  /** Lowers the known version after the core's database was restored, so that its assignments count as newer again. */
  rewind(version: number): void {
    if (version < this.#storage.version) this.#storage.saveAssignmentVersion(this.#shard, version);
  }

  /** Removes all monitors of a shard that the core no longer has. `drained` once the core has all events. */
  stop(): { drained: boolean } {
    if (this.#storage.version > 0) {
      // A core whose database was restored may have the shard again: the same assignment must count as newer then.
      this.#replaceMonitors([], new Map(), [], Date.now(), () => {
        this.#storage.saveAssignmentVersion(this.#shard, 0);
        this.#storage.saveNotUnderstood(0);
      });
    }
    this.#sendWaiting();
    return { drained: !this.#storage.hasWaiting() };
  }

  /** Checks a monitor at once, outside its schedule. False when the shard does not have it. */
  checkNow(monitorId: string, requestedAtMs: number): boolean {
    if (!this.#watches.has(monitorId)) return false;
    this.#take([{ monitorId, input: { kind: 'checkNow', atMs: requestedAtMs } }], Date.now());
    return true;
  }

  /** What the operator's canaries have just shown. */
  hearCanaries(dark: readonly LocationId[]): void {
    const nowMs = Date.now();
    this.#locations.hearCanaries(dark, nowMs);
    this.#lookAtLocations(nowMs);
  }

  /** Figures for operators and tests. */
  async inspect(): Promise<ShardFigures> {
    const nextAlarmMs = await this.ctx.storage.getAlarm();
    return {
      shard: this.#storage.shard,
      version: this.#storage.version,
      monitors: this.#watches.size,
      notUnderstood: this.#storage.notUnderstood,
      openRounds: this.#ticks.openRounds,
      waitingChecks: this.#checks.waiting,
      overloadedChecks: this.#checks.overloaded,
      outboxDepth: this.#storage.outboxDepth(),
      outboxBytes: this.#storage.outboxBytes,
      resultsDropped: this.#storage.resultsDropped,
      dark: this.#locations.dark,
      nextAlarmAt: nextAlarmMs === null ? null : new Date(nextAlarmMs).toISOString(),
    };
  }

  /* ---- time ---------------------------------------------------------------------------------------------- */

  /** Starts due rounds and, in the same turn, stores them and the next alarm in one commit, after the fetches. */
  #startDueRounds(nowMs: number): void {
    const startedMs = this.#storage.cursorMs;
    const due: string[] = [];
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [monitorId, watch] of this.#watches) {
      const atMs = tickOf(watch, startedMs, nowMs);
      if (atMs <= nowMs) due.push(monitorId);
      else nextMs = Math.min(nextMs, atMs);
    }
    const ticks = due.map((monitorId) => ({ monitorId, input: { kind: 'tick', startedMs } as const }));
    this.#take(ticks, nowMs, () => this.#storage.saveCursor(nowMs));
    this.#setAlarm(Math.min(nextMs, this.#nextTickOf(due, nowMs)), nowMs);
  }

  #setNextAlarm(nowMs: number): void {
    this.#setAlarm(this.#nextTickOf(this.#watches.keys(), nowMs), nowMs);
  }

  #nextTickOf(monitorIds: Iterable<string>, nowMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const monitorId of monitorIds) {
      const watch = this.#watches.get(monitorId);
      // Counted from the cursor, because an assignment may come between a slot and its alarm.
      if (watch !== undefined) nextMs = Math.min(nextMs, tickOf(watch, this.#storage.cursorMs, nowMs));
    }
    return nextMs;
  }

  #setAlarm(nextMs: number, nowMs: number): void {
    const retryMs = this.#storage.hasWaiting() ? nowMs + RETRY_EVERY_MS : Number.POSITIVE_INFINITY;
    const atMs = Math.min(nextMs, retryMs);
    if (atMs === Number.POSITIVE_INFINITY) this.ctx.waitUntil(this.ctx.storage.deleteAlarm());
    else this.ctx.waitUntil(this.ctx.storage.setAlarm(atMs));
  }

  /** Continues the rounds that an eviction interrupted, from their stored part. */
  #wake(stored: readonly StoredMonitor[], nowMs: number): void {
    const byId = new Map(stored.flatMap(({ id, assigned }) => (assigned === null ? [] : [[id, assigned]])));
    const ticks = this.#storage.ticks();
    const open = Map.groupBy(
      ticks.flatMap(({ rounds }) => decodeTick(rounds, (id) => byId.get(id))),
      ({ monitorId }) => monitorId,
    );
    for (const { id } of ticks) this.#storage.saveTick(id, null);
    for (const { id, assigned, state } of stored) {
      const rounds = (open.get(id) ?? []).map(({ round }) => round);
      if (assigned === null) this.#sealedAway.set(id, state);
      else this.#watches.set(id, wokenWatch(assigned, state, rounds, this.#storage.cursorMs, nowMs));
    }
    for (const monitorId of open.keys()) {
      this.#save(this.#changed({ monitorId, input: { kind: 'interrupted' } }, nowMs));
    }
    this.#reportSealedAway();
  }

  /** Counted as not understood, so that the next reconciliation asks the core for the assignment. */
  #reportSealedAway(): void {
    const { size } = this.#sealedAway;
    if (size === 0) return;
    this.#storage.saveNotUnderstood(Math.max(size, this.#storage.notUnderstood));
    log('error', 'monitors were sealed under another key, and wait until the core sends them again', {
      shard: this.#shard,
      monitors: size,
    });
  }

  /* ---- what happens to watches --------------------------------------------------------------------------- */

  /** Passes happenings to their watches, starts the checks, and stores all of it in one commit. */
  #take(happenings: readonly Happening[], nowMs: number, alsoSave: () => void = () => undefined): void {
    const changes = happenings.flatMap((happening) => this.#changed(happening, nowMs) ?? []);
    this.#checks.launch(askedOf(changes), nowMs);
    this.#commit(() => {
      for (const change of changes) this.#save(change);
      this.#keep(changes);
      alsoSave();
    });
  }

  /** Changes the watch in memory; #save stores the change. Null when the shard does not have the monitor. */
  #changed({ monitorId, input }: Happening, nowMs: number): Change | null {
    const before = this.#watches.get(monitorId);
    if (before === undefined) return null;
    return this.#entered(before, before.assigned, this.#reduce(before, input, nowMs), null);
  }

  #reduce({ assigned, state }: Watch, input: WatchInput, nowMs: number): Reduced {
    return reduceWatch(assigned, state, input, { nowMs, dark: this.#locations.darkFor(assigned, nowMs) });
  }

  #entered(before: Watch | undefined, assigned: AssignedMonitor, reduced: Reduced, sealed: string | null): Change {
    const after = { assigned, state: reduced.state };
    this.#watches.set(assigned.id, after);
    return { before, after, reduced, sealed };
  }

  #save(change: Change | null): void {
    if (change === null) return;
    const { before, after, reduced, sealed } = change;
    if (sealed !== null) this.#storage.saveMonitor(after, sealed);
    else if (before !== undefined && isWorthStoring(before.state, after.state)) this.#storage.saveState(after);
    for (const { slug, state } of componentsToTell(before, after)) this.#storage.markDirty(slug, state);
    if (before !== undefined) this.#noteRounds(before, after.state.rounds);
    this.#tell(reduced.events);
  }

  /** Notes the ticks of the rounds that are over or have changed. One answer may end several rounds: see `settle`. */
  #noteRounds({ assigned, state }: Watch, after: readonly Round[]): void {
    for (const round of state.rounds) {
      const tick = after.includes(round) ? undefined : this.#ticks.of(roundKey(assigned.id, round));
      if (tick !== undefined) this.#changedTicks.add(tick);
    }
  }

  /** Stores the started rounds, so that a round interrupted by an eviction is known afterwards. */
  #keep(changes: readonly Change[]): void {
    const started = askedOf(changes).map(({ monitor, round }) => ({ monitorId: monitor.id, round }));
    const outline = encodeTick(started);
    if (outline !== null) this.#ticks.add(this.#storage.addTick(outline), started);
  }

  /** Stores a change. When that fails (the disk is full), memory is ahead of storage, and the object restarts from storage. */
  #commit(change: () => void): void {
    try {
      this.#storage.atomically(() => {
        change();
        for (const tick of this.#changedTicks) this.#saveTick(tick);
        this.#changedTicks.clear();
      });
    } catch (error) {
      log('error', 'a change could not be stored', { shard: this.#shard, reason: reasonOf(error) });
      this.ctx.abort('a change could not be stored');
      throw error;
    }
  }

  /* ---- answers ------------------------------------------------------------------------------------------ */

  #arrive(arrivals: readonly Happening[]): void {
    if (arrivals.length === 0) return;
    this.#arrivals.push(...arrivals);
    const lingers = arrivals.map(({ monitorId, input }) => lingerMs(this.#watches.get(monitorId), input));
    const dueMs = Date.now() + Math.min(...lingers);
    if (this.#nextCommit !== null && this.#nextCommit.dueMs <= dueMs) return;
    clearTimeout(this.#nextCommit?.timer);
    const timer = setTimeout(() => this.#commitArrivals(Date.now()), dueMs - Date.now());
    this.#nextCommit = { timer, dueMs };
  }

  /** Stores results, verdicts, states and outbox in one synchronous commit: all of it or nothing. */
  #commitArrivals(nowMs: number): void {
    this.#nextCommit = null;
    const arrivals = this.#arrivals;
    this.#arrivals = [];
    this.#commit(() => {
      this.#watchLocations(arrivals, nowMs);
      for (const arrival of arrivals) this.#save(this.#changed(arrival, nowMs));
    });
    this.#vouch.stored(new Set(arrivals.map(({ monitorId }) => monitorId)), nowMs);
    this.ctx.waitUntil(this.#vouch.tell(this.#watches.values(), nowMs));
    this.#sendWaiting();
  }

  #saveTick(tick: Tick): void {
    const open: MonitorRound[] = [];
    for (const { monitorId, slotMs, manual } of tick.rounds) {
      const rounds = this.#watches.get(monitorId)?.state.rounds;
      const round = rounds?.find((one) => one.slotMs === slotMs && one.manual === manual);
      if (round === undefined) this.#ticks.forget(roundKey(monitorId, { slotMs, manual }));
      else open.push({ monitorId, round });
    }
    this.#storage.saveTick(tick.id, encodeTick(open));
  }

  #watchLocations(arrivals: readonly Happening[], nowMs: number): void {
    for (const { monitorId, input } of arrivals) {
      this.#locations.hear(this.#watches.get(monitorId), input, nowMs);
    }
    this.#noteDarkness(this.#locations.look(nowMs));
  }

  #lookAtLocations(nowMs: number): void {
    this.#commit(() => this.#noteDarkness(this.#locations.lookAtAll(nowMs)));
    this.#sendWaiting();
  }

  #noteDarkness(changed: readonly LocationChange[]): void {
    if (changed.length === 0) return;
    this.#storage.saveDark(this.#locations.dark);
    this.#tell(changed.map((change) => locationEvent(this.#shard, change)));
  }

  /* ---- assignments -------------------------------------------------------------------------------------- */

  #replaceMonitors(
    next: readonly AssignedMonitor[],
    sealed: ReadonlyMap<string, string>,
    notUnderstood: readonly (string | null)[],
    nowMs: number,
    alsoSave: () => void,
  ): void {
    const kept = new Set([...next.map((monitor) => monitor.id), ...notUnderstood]);
    const changes = next.map((assigned) => this.#assigned(assigned, sealed.get(assigned.id) ?? null, nowMs));
    const suspended = notUnderstood.flatMap((id) =>
      id === null ? [] : (this.#changed({ monitorId: id, input: { kind: 'notUnderstood' } }, nowMs) ?? []),
    );
    this.#checks.launch(askedOf(changes), nowMs);
    this.#commit(() => {
      this.#removeAllBut(kept, nowMs);
      for (const change of [...suspended, ...changes]) this.#save(change);
      this.#keep(changes);
      alsoSave();
    });
    this.#setNextAlarm(nowMs);
    this.#sendWaiting();
  }

  #assigned(assigned: AssignedMonitor, sealed: string | null, nowMs: number): Change {
    const known = this.#watches.get(assigned.id);
    const before = known ?? this.#unsealed(assigned, nowMs);
    if (before === undefined) return this.#entered(before, assigned, beginWatch(assigned, { nowMs }), sealed);
    this.#locations.reassign(before.assigned, assigned);
    const reduced = this.#reduce(before, { kind: 'assigned', next: assigned }, nowMs);
    // An unchanged monitor is not stored again.
    return known !== undefined && isSame(known.assigned, assigned)
      ? this.#entered(known, known.assigned, reduced, null)
      : this.#entered(before, assigned, reduced, sealed);
  }

  /** The watch of a monitor that was sealed away goes on with its state: an alert that fires is not told again. */
  #unsealed(assigned: AssignedMonitor, nowMs: number): Watch | undefined {
    const state = this.#sealedAway.get(assigned.id);
    if (state === undefined) return undefined;
    this.#sealedAway.delete(assigned.id);
    return wokenWatch(assigned, state, [], this.#storage.cursorMs, nowMs);
  }

  async #sealed(monitors: readonly AssignedMonitor[]): Promise<ReadonlyMap<string, string>> {
    const sealing = monitors.map(async (one) => [one.id, await sealedAssignment(this.#seal, one)] as const);
    return new Map(await Promise.all(sealing));
  }

  #removeAllBut(kept: ReadonlySet<string | null>, nowMs: number): void {
    for (const monitorId of this.#sealedAway.keys()) {
      if (kept.has(monitorId)) continue;
      this.#storage.removeMonitor(monitorId);
      this.#sealedAway.delete(monitorId);
    }
    for (const [monitorId, watch] of this.#watches) {
      if (kept.has(monitorId)) continue;
      this.#noteRounds(watch, []);
      this.#tell(this.#changed({ monitorId, input: { kind: 'removed' } }, nowMs)?.reduced.events ?? []);
      this.#storage.removeMonitor(monitorId);
      this.#watches.delete(monitorId);
      this.#locations.forget(monitorId);
      this.#vouch.forget(monitorId);
    }
  }

  /* ---- telling others ----------------------------------------------------------------------------------- */

  #tell(events: readonly EdgeEvent[]): void {
    this.#storage.addEvents(events);
    if (events.some(({ kind }) => !ORDINARY.has(kind))) this.#urgent = true;
  }

  #sendWaiting(): void {
    this.#outbox.enforceBounds();
    this.ctx.waitUntil(this.#outbox.wake(this.#urgent ? 'now' : 'soon'));
    this.#urgent = false;
    this.ctx.waitUntil(this.#pages.push());
  }
}

/** Kinds of events that may wait for others. The remaining kinds change what people see, or page them. */
const ORDINARY: ReadonlySet<EdgeEvent['kind']> = new Set(['check.completed', 'check.missed', 'round.judged']);

function tickOf({ assigned, state }: Watch, startedMs: number, nowMs: number): number {
  return nextTickMs(assigned, state, startedMs, nowMs) ?? Number.POSITIVE_INFINITY;
}

function askedOf(changes: readonly Change[]): AskedRound[] {
  return changes.flatMap(({ after, reduced }) => reduced.ask.map((round) => ({ monitor: after.assigned, round })));
}

/** Whether a change must survive an eviction. A round with the same verdict as the one before need not. */
function isWorthStoring(before: Watch['state'], after: Watch['state']): boolean {
  if (before.status !== after.status || before.suspended !== after.suspended) return true;
  const ids = Object.keys(after.alerts);
  return ids.length !== Object.keys(before.alerts).length || ids.some((id) => before.alerts[id] !== after.alerts[id]);
}

function isSame(one: AssignedMonitor, other: AssignedMonitor): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
