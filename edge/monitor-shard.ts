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
import { roundKey } from '#domain/watch/round.ts';
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

/** While events or component states wait for someone who is away, the alarm looks again at least this often. */
const RETRY_EVERY_MS = 5_000;
/** An alarm that failed is repeated after this long, instead of by the platform, which gives up after six times. */
const ALARM_RETRY_MS = 1_000;

/** What a shard tells about itself. */
export interface ShardFigures {
  readonly shard: string | null;
  readonly version: number;
  readonly monitors: number;
  /** Monitors of its assignment that this edge does not understand, and so does not check. */
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

/** The host of up to 200 watches: it starts what they ask for, hands them what was answered, and stores what they say. */
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

  /** A round's table of contents. It waits for no target (rounds overlap) and never throws. */
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

  /** The cron's net: does what a lost alarm should have done, sets the next one, and ends darkness that nothing proves. */
  async revive(): Promise<Revived> {
    await this.alarm();
    this.#lookAtLocations(Date.now());
    return { version: this.#storage.version, understoodAll: this.#storage.notUnderstood === 0 };
  }

  /**
   * Takes the full set of monitors, if it is newer than the one the shard has, or the same again of which something was
   * not understood.
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
    return { applied: true, version };
  }

  /** The core's database was put back to an earlier state: from this version on its assignments are newer again. */
  rewind(version: number): void {
    if (version < this.#storage.version) this.#storage.saveAssignmentVersion(this.#shard, version);
  }

  /** The core no longer knows this shard: everything ends. True once the core has been told all of it. */
  stop(): { drained: boolean } {
    if (this.#storage.version > 0) {
      // Should the core know it again (its database was put right), the very same assignment must count as newer.
      this.#replaceMonitors([], new Map(), [], Date.now(), () => {
        this.#storage.saveAssignmentVersion(this.#shard, 0);
        this.#storage.saveNotUnderstood(0);
      });
    }
    this.#sendWaiting();
    return { drained: !this.#storage.hasWaiting() };
  }

  /** Checks a monitor at once, beside its schedule. False when it is not here. */
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

  /** Starts what is due and, in the same turn, persists it with the next alarm: one commit, after the fetches. */
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
      // From the cursor on: an assignment may come between the moment a slot is due and its alarm.
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

  /** Rounds that an eviction interrupted go on from what was stored of them. */
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

  /** Hands happenings to their watches, sends their checks on their way, and stores all of it in one commit. */
  #take(happenings: readonly Happening[], nowMs: number, alsoSave: () => void = () => undefined): void {
    const changes = happenings.flatMap((happening) => this.#changed(happening, nowMs) ?? []);
    this.#checks.launch(askedOf(changes), nowMs);
    this.#commit(() => {
      for (const change of changes) this.#save(change);
      this.#keep(changes);
      alsoSave();
    });
  }

  /** In memory only: #save writes it down. Null when the monitor is not here. */
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
    this.#tell(reduced.events);
  }

  /** Remembers the rounds that were started, so that an eviction cannot swallow them silently. */
  #keep(changes: readonly Change[]): void {
    const started = askedOf(changes).map(({ monitor, round }) => ({ monitorId: monitor.id, round }));
    const outline = encodeTick(started);
    if (outline !== null) this.#ticks.add(this.#storage.addTick(outline), started);
  }

  /** When the change cannot be stored (the disk is full), memory is ahead of storage: begin again from storage. */
  #commit(change: () => void): void {
    try {
      this.#storage.atomically(change);
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

  /** Results, verdicts, monitor and alert state, and outbox: all of it in one synchronous commit, or nothing. */
  #commitArrivals(nowMs: number): void {
    this.#nextCommit = null;
    const arrivals = this.#arrivals;
    this.#arrivals = [];
    this.#commit(() => {
      this.#watchLocations(arrivals, nowMs);
      const ticks = new Set<Tick>();
      for (const arrival of arrivals) {
        this.#save(this.#changed(arrival, nowMs));
        if (!isOfRound(arrival.input)) continue;
        const tick = this.#ticks.of(roundKey(arrival.monitorId, arrival.input.round));
        if (tick !== undefined) ticks.add(tick);
      }
      for (const tick of ticks) this.#saveTick(tick);
    });
    this.#vouch.stored(new Set(arrivals.map(({ monitorId }) => monitorId)), nowMs);
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
    // The very same again is not written again.
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
    for (const monitorId of this.#watches.keys()) {
      if (kept.has(monitorId)) continue;
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

/** Everything else changes what people see, and one of them may have to be paged. */
const ORDINARY: ReadonlySet<EdgeEvent['kind']> = new Set(['check.completed', 'check.missed', 'round.judged']);

function tickOf({ assigned, state }: Watch, startedMs: number, nowMs: number): number {
  return nextTickMs(assigned, state, startedMs, nowMs) ?? Number.POSITIVE_INFINITY;
}

function askedOf(changes: readonly Change[]): AskedRound[] {
  return changes.flatMap(({ after, reduced }) => reduced.ask.map((round) => ({ monitor: after.assigned, round })));
}

function isOfRound(input: WatchInput): input is Extract<WatchInput, { kind: 'answered' | 'unanswered' }> {
  return input.kind === 'answered' || input.kind === 'unanswered';
}

/** A round judged like the one before it changes nothing that an eviction could lose. */
function isWorthStoring(before: Watch['state'], after: Watch['state']): boolean {
  if (before.status !== after.status || before.suspended !== after.suspended) return true;
  const ids = Object.keys(after.alerts);
  return ids.length !== Object.keys(before.alerts).length || ids.some((id) => before.alerts[id] !== after.alerts[id]);
}

function isSame(one: AssignedMonitor, other: AssignedMonitor): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
