import { DurableObject } from 'cloudflare:workers';
import { derivedId } from '#domain/base/id.ts';
import { LOCATION_IDS, type LocationId } from '#domain/check/location.ts';
import { isVote } from '#domain/check/result.ts';
import { cadenceOf, slotAtOrBefore } from '#domain/check/schedule.ts';
import { assign, type MonitorChange, type ShardMonitor, suspend, unassign } from '#domain/watch/assignment-change.ts';
import { type Judgement, judge, type MonitorState } from '#domain/watch/judging.ts';
import type { AssignedMonitor, CheckCompletedEvent, EdgeEvent } from '#domain/wire/wire.ts';
import { askProbes } from './ask-probes.ts';
import type { CoordinatorEnv } from './env.ts';
import { LocationWatch } from './location-watch.ts';
import { log, reasonOf } from './log.ts';
import { Outbox } from './outbox.ts';
import { answeredEvent, unmadeEvent } from './result-event.ts';
import {
  type Batch,
  batchesOf,
  checksOf,
  decodeTick,
  dueSlots,
  encodeTick,
  newRound,
  nextSlot,
  noteOutcome,
  openLocations,
  type Round,
  type Tick,
} from './round.ts';
import { type DirtyComponent, ShardStorage } from './shard-storage.ts';
import type { UnderstoodAssignment } from './understood-assignment.ts';
import { uplinkOf } from './uplink.ts';

/** Answers of many streams that arrive within this time become one commit; nobody sees ten milliseconds. */
const COMMIT_LINGER_MS = 10;
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
  readonly outboxDepth: number;
  readonly outboxBytes: number;
  readonly resultsDropped: number;
  readonly darkLocations: readonly LocationId[];
  readonly nextAlarmAt: string | null;
}

/** What the cron learns of a shard that it woke. */
export interface Revived {
  readonly version: number;
  readonly understoodAll: boolean;
}

/** An outcome (or the lack of one) on its way into the next commit. */
interface Arrival {
  readonly key: string;
  readonly location: LocationId;
  readonly eventOf: (round: Round) => CheckCompletedEvent;
}

/** Schedule, rounds in flight, alert state and outbox of up to 200 monitors. */
export class MonitorShard extends DurableObject<CoordinatorEnv> {
  readonly #storage: ShardStorage;
  readonly #outbox: Outbox;
  readonly #monitors = new Map<string, ShardMonitor>();
  readonly #flights = new Map<string, Flight>();
  readonly #locations = new LocationWatch();
  #shard: string;
  #dark: readonly LocationId[];
  #arrivals: Arrival[] = [];
  #commitPlanned = false;
  #pushing = false;
  #urgent = false;

  constructor(state: DurableObjectState, env: CoordinatorEnv) {
    super(state, env);
    this.#storage = new ShardStorage(state.storage);
    this.#outbox = new Outbox(this.#storage, (rows) => uplinkOf(env, this.#shard).deliver(this.#shard, [...rows]));
    this.#shard = this.#storage.shard ?? '';
    this.#dark = this.#storage.darkLocations;
    for (const monitor of this.#storage.monitors()) this.#monitors.set(monitor.assigned.id, monitor);
    this.#storage.atomically(() => this.#writeOffInterrupted());
  }

  /** A round's table of contents. It waits for no target (rounds overlap) and never throws. */
  override async alarm(): Promise<void> {
    try {
      this.#startDueRounds(Date.now());
      this.#sendWaiting();
    } catch (error) {
      log('error', 'rounds could not be started', { shard: this.#shard, reason: reasonOf(error) });
      await this.ctx.storage.setAlarm(Date.now() + ALARM_RETRY_MS);
    }
  }

  /** The cron's net: does what a lost alarm should have done, and sets the next one. */
  async revive(): Promise<Revived> {
    await this.alarm();
    return { version: this.#storage.version, understoodAll: this.#storage.notUnderstood === 0 };
  }

  /**
   * Takes the full set of monitors, if it is newer than the one the shard has, or the same again of which something was
   * not understood.
   */
  putAssignment({ shard, version, monitors, notUnderstood }: UnderstoodAssignment): {
    applied: boolean;
    version: number;
  } {
    const known = this.#storage.version;
    if (version < known || (version === known && this.#storage.notUnderstood === 0)) {
      return { applied: false, version: known };
    }
    this.#shard = shard;
    this.#replaceMonitors(monitors, notUnderstood, Date.now(), () => {
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
      this.#replaceMonitors([], [], Date.now(), () => {
        this.#storage.saveAssignmentVersion(this.#shard, 0);
        this.#storage.saveNotUnderstood(0);
      });
    }
    this.#sendWaiting();
    return { drained: !this.#storage.hasWaiting() };
  }

  /** Checks a monitor at once, beside its schedule. False when it is not here. */
  checkNow(monitorId: string, requestedAtMs: number): boolean {
    const monitor = this.#monitors.get(monitorId);
    if (monitor === undefined) return false;
    const rounds = this.#launch([newRound(monitor.assigned, requestedAtMs, true)]);
    this.#commit(() => this.#keep(rounds));
    return true;
  }

  /** Figures for operators and tests. */
  async inspect(): Promise<ShardFigures> {
    const nextAlarmMs = await this.ctx.storage.getAlarm();
    return {
      shard: this.#storage.shard,
      version: this.#storage.version,
      monitors: this.#monitors.size,
      notUnderstood: this.#storage.notUnderstood,
      openRounds: this.#flights.size,
      outboxDepth: this.#storage.outboxDepth(),
      outboxBytes: this.#storage.outboxBytes,
      resultsDropped: this.#storage.resultsDropped,
      darkLocations: [...this.#dark],
      nextAlarmAt: nextAlarmMs === null ? null : new Date(nextAlarmMs).toISOString(),
    };
  }

  /* ---- starting rounds ---------------------------------------------------------------------------------- */

  /** Starts what is due and, in the same turn, persists it with the next alarm: one commit, after the fetches. */
  #startDueRounds(nowMs: number): void {
    const { due, missed } = dueSlots(this.#monitors.values(), this.#storage.cursorMs, nowMs);
    const rounds = this.#launch(due.map(({ monitor, slotMs }) => newRound(monitor, slotMs, false)));
    this.#commit(() => {
      this.#keep(rounds);
      this.#storage.saveCursor(nowMs);
      this.#tell(
        missed.flatMap(({ monitor, slotMs }) => missedEvents(newRound(monitor, slotMs, false), NEVER_STARTED)),
      );
    });
    this.#setNextAlarm(nowMs);
  }

  /** Sends the rounds' checks on their way; one that is on its way already stays the only one. */
  #launch(rounds: readonly Round[]): Round[] {
    const fresh = rounds.filter((round) => !this.#flights.has(round.key));
    for (const batch of batchesOf(fresh)) this.ctx.waitUntil(this.#ask(batch));
    return fresh;
  }

  /** Remembers rounds, so that an eviction cannot swallow them silently. */
  #keep(rounds: readonly Round[]): void {
    const outline = encodeTick(rounds);
    if (outline === null) return;
    const tick: Tick = { id: this.#storage.addTick(outline), rounds };
    for (const round of rounds) this.#flights.set(round.key, { round, tick });
  }

  async #ask({ location, rounds }: Batch): Promise<void> {
    const unanswered = await askProbes(this.env, location, checksOf(rounds), (answers) =>
      this.#arrive(
        answers.map((answer) => ({
          key: answer.key,
          location,
          eventOf: (round) => answeredEvent(round, location, answer),
        })),
      ),
    );
    this.#arrive(
      unanswered.map(({ key, reason, detail }) => ({
        key,
        location,
        eventOf: (round) => unmadeEvent(round, location, reason, detail),
      })),
    );
  }

  #setNextAlarm(nowMs: number): void {
    // From the cursor on: an assignment may come between the moment a slot is due and its alarm.
    const slotMs = nextSlot(this.#monitors.values(), this.#storage.cursorMs, nowMs);
    const retryMs = this.#storage.hasWaiting() ? nowMs + RETRY_EVERY_MS : null;
    const times = [slotMs, retryMs].filter((time) => time !== null);
    if (times.length === 0) this.ctx.waitUntil(this.ctx.storage.deleteAlarm());
    else this.ctx.waitUntil(this.ctx.storage.setAlarm(Math.min(...times)));
  }

  /* ---- taking in what they came to ---------------------------------------------------------------------- */

  #arrive(arrivals: readonly Arrival[]): void {
    this.#arrivals.push(...arrivals);
    if (this.#commitPlanned || this.#arrivals.length === 0) return;
    this.#commitPlanned = true;
    setTimeout(() => this.#commitArrivals(), COMMIT_LINGER_MS);
  }

  /** Results, monitor and alert state, and outbox: all of it in one synchronous commit, or nothing. */
  #commitArrivals(): void {
    this.#commitPlanned = false;
    const arrivals = this.#arrivals;
    this.#arrivals = [];
    this.#commit(() => this.#record(arrivals, Date.now()));
    this.#sendWaiting();
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

  #record(arrivals: readonly Arrival[], nowMs: number): void {
    const answered = new Set<Flight>();
    for (const { key, location, eventOf } of arrivals) {
      const flight = this.#flights.get(key);
      if (flight === undefined || flight.round.outcomes.has(location)) continue;
      const event = eventOf(flight.round);
      noteOutcome(flight.round, event);
      answered.add(flight);
      const monitor = this.#monitors.get(event.result.monitorId);
      if (monitor === undefined) continue;
      if (monitor.assigned.enabled) this.#locations.note(monitor.assigned.id, location, event.result.outcome);
      this.#tell([event]);
    }
    this.#watchLocations(nowMs);
    for (const { round } of answered) this.#judge(round, nowMs);
    for (const tick of new Set([...answered].map((flight) => flight.tick))) {
      this.#storage.saveTick(tick.id, encodeTick(tick.rounds));
    }
    for (const { round } of answered) if (openLocations(round).length === 0) this.#flights.delete(round.key);
  }

  #judge(round: Round, nowMs: number): void {
    const monitor = this.#monitors.get(round.monitor.id);
    if (monitor === undefined) return;
    const judgement = judge(monitor.assigned, monitor.state, round, this.#dark, nowMs);
    if (judgement !== null) this.#apply(monitor, judgement);
  }

  #apply(monitor: ShardMonitor, { state, events }: Judgement): void {
    const before = monitor.state;
    monitor.state = state;
    if (isWorthStoring(before, state)) this.#storage.saveState(monitor.assigned.id, state);
    if (before.status !== state.status) this.#markDirty(monitor, monitor.assigned.components);
    this.#tell(events);
  }

  #watchLocations(nowMs: number): void {
    const dark = this.#locations.darkNow(this.#dark);
    const changed = LOCATION_IDS.filter((location) => dark.includes(location) !== this.#dark.includes(location));
    if (changed.length === 0) return;
    this.#dark = dark;
    this.#storage.saveDarkLocations(dark);
    this.#tell(changed.map((location) => locationEvent(this.#shard, location, dark.includes(location), nowMs)));
  }

  /** Rounds that an eviction interrupted: what was not answered is missed, what was is judged. */
  #writeOffInterrupted(): void {
    const nowMs = Date.now();
    for (const { id, rounds } of this.#storage.ticks()) {
      for (const round of decodeTick(rounds, (monitorId) => this.#monitors.get(monitorId)?.assigned)) {
        const missed = missedEvents(round, INTERRUPTED);
        for (const event of missed) noteOutcome(round, event);
        this.#tell(missed);
        // Nothing at all was heard: that says nothing about the target, and the next round is near.
        if ([...round.outcomes.values()].some(isVote)) this.#judge(round, nowMs);
      }
      this.#storage.saveTick(id, null);
    }
  }

  /* ---- assignments -------------------------------------------------------------------------------------- */

  #replaceMonitors(
    next: readonly AssignedMonitor[],
    notUnderstood: readonly (string | null)[],
    nowMs: number,
    alsoSave: () => void,
  ): void {
    const changes = next.map((assigned) => {
      const before = this.#monitors.get(assigned.id);
      return { before, assigned, change: assign(before, assigned, nowMs) };
    });
    const rounds = this.#launch(
      changes
        .filter(({ change }) => change.startNow)
        .map(({ assigned }) => newRound(assigned, slotAtOrBefore(cadenceOf(assigned), nowMs), false)),
    );
    for (const { before, assigned } of changes) {
      if (before?.assigned.enabled === false && assigned.enabled) this.#reopenRounds(assigned.id);
    }
    this.#commit(() => {
      this.#removeAllBut(new Set([...next.map((monitor) => monitor.id), ...notUnderstood]), nowMs);
      this.#suspend(notUnderstood, nowMs);
      for (const { before, assigned, change } of changes) this.#replaceMonitor(before, assigned, change);
      this.#keep(rounds);
      alsoSave();
    });
    this.#setNextAlarm(nowMs);
    this.#sendWaiting();
  }

  /** What was judged before a pause no longer counts; the slot's round may still be on its way, and is the only one. */
  #reopenRounds(monitorId: string): void {
    for (const { round } of this.#flights.values()) if (round.monitor.id === monitorId) round.judged = false;
  }

  /** They are still the shard's, but what is asked of them now is not understood. */
  #suspend(ids: readonly (string | null)[], nowMs: number): void {
    for (const [id, before] of this.#monitors) {
      if (ids.includes(id))
        this.#replaceMonitor(before, { ...before.assigned, enabled: false }, suspend(before, nowMs));
    }
  }

  #removeAllBut(kept: ReadonlySet<string | null>, nowMs: number): void {
    for (const [id, monitor] of this.#monitors) {
      if (kept.has(id)) continue;
      this.#tell(unassign(monitor, nowMs).events);
      this.#storage.removeMonitor(id);
      this.#monitors.delete(id);
      this.#locations.forget(id);
    }
  }

  #replaceMonitor(before: ShardMonitor | undefined, assigned: AssignedMonitor, change: MonitorChange): void {
    const monitor = { assigned, fromMs: change.fromMs, state: change.state };
    this.#monitors.set(assigned.id, monitor);
    if (!isSame(before, monitor)) this.#storage.saveMonitor(monitor);
    const isElsewhere = before !== undefined && !isSameList(before.assigned.locations, assigned.locations);
    if (!assigned.enabled || isElsewhere) this.#locations.forget(assigned.id);
    const changedStatus = before?.state.status !== change.state.status;
    const components = changedStatus ? assigned.components : newComponents(before, assigned);
    this.#markDirty(monitor, components);
    this.#tell(change.events);
  }

  /* ---- telling others ----------------------------------------------------------------------------------- */

  #tell(events: readonly EdgeEvent[]): void {
    this.#storage.addEvents(events);
    if (events.some((event) => event.kind !== 'check.completed')) this.#urgent = true;
  }

  #markDirty({ state }: ShardMonitor, components: AssignedMonitor['components']): void {
    for (const { slug, componentId } of components) {
      this.#storage.markDirty(slug, {
        componentId,
        status: state.status,
        since: new Date(state.statusSinceMs).toISOString(),
        observedAt: new Date(state.statusAtMs).toISOString(),
      });
    }
  }

  #sendWaiting(): void {
    this.#outbox.enforceBounds();
    this.ctx.waitUntil(this.#outbox.wake(this.#urgent ? 'now' : 'soon'));
    this.#urgent = false;
    this.ctx.waitUntil(this.#pushComponents());
  }

  /** Component states go straight to the page objects: the page is right while the core is down. */
  async #pushComponents(): Promise<void> {
    if (this.#pushing) return;
    this.#pushing = true;
    try {
      // Pages that cannot be told stay dirty; the next alarm tries again.
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
      await this.env.STATUS_PAGES.getByName(slug).putStates(components.map((component) => component.state));
      for (const component of components) this.#storage.markClean(component);
      return true;
    } catch (error) {
      log('warn', 'a status page could not be told', { shard: this.#shard, slug, reason: reasonOf(error) });
      return false;
    }
  }
}

/** A round on its way, with the stored outline it belongs to. */
interface Flight {
  readonly round: Round;
  readonly tick: Tick;
}

const INTERRUPTED = 'the shard was restarted while this check was running';
const NEVER_STARTED = 'the shard was not awake when this check was due';

function missedEvents(round: Round, cause: string): CheckCompletedEvent[] {
  return openLocations(round).map((location) => unmadeEvent(round, location, 'missed_slot', cause));
}

/** A round judged like the one before it changes nothing that an eviction could lose. */
function isWorthStoring(before: MonitorState, after: MonitorState): boolean {
  if (before.status !== after.status) return true;
  const ids = Object.keys(after.alerts);
  return ids.length !== Object.keys(before.alerts).length || ids.some((id) => before.alerts[id] !== after.alerts[id]);
}

function isSame(before: ShardMonitor | undefined, after: ShardMonitor): boolean {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(after);
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item) => other.includes(item));
}

function newComponents(before: ShardMonitor | undefined, assigned: AssignedMonitor): AssignedMonitor['components'] {
  const known = before?.assigned.components ?? [];
  return assigned.components.filter(
    ({ slug, componentId }) => !known.some((one) => one.slug === slug && one.componentId === componentId),
  );
}

function locationEvent(shard: string, location: LocationId, dark: boolean, nowMs: number): EdgeEvent {
  const id = derivedId('evt', nowMs, shard, location, dark ? 'dark' : 'back');
  return { v: 1, kind: 'location.state', id, location, shard, dark, at: new Date(nowMs).toISOString() };
}
