import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { startAggregator } from '#core/aggregate/aggregator.ts';
import { rollUpDirtyHours } from '#core/aggregate/roll-up.ts';
import { watchFreshness } from '#core/alerts/freshness.ts';
import { createApp } from '#core/api/app.ts';
import type { CoreContext } from '#core/context.ts';
import { createIncidents } from '#core/incidents/consumer.ts';
import { createIngest } from '#core/ingest/consumer.ts';
import { NOTIFY_CHANNEL } from '#core/notify/enqueue.ts';
import { startNotifier } from '#core/notify/notifier.ts';
import { createLocalLiveBus } from '#core/platform/live-bus.ts';
import { publishDue, startPublisher } from '#core/publish/publisher.ts';
import { claimRequests } from '#core/publish/queue.ts';
import { PUBLISH_CHANNEL, requestStalePages } from '#core/publish/request.ts';
import { isolating } from '#core/streams/isolate.ts';
import { pageSnapshotSchema } from '#domain/page/snapshot.ts';
import { assignmentSchema } from '#domain/wire/wire.ts';
import type { TestCore } from '#tests/core/test-core.ts';
import { drawClock } from './draw-clock.ts';
import { type EdgeFault, SimulatedEdge } from './edge.ts';
import { Breakdowns } from './faults.ts';
import { requirePublished } from './invariants/published.ts';
import { requireEdgeStatuses } from './invariants/stored.ts';
import { Ledger, readFacts } from './ledger.ts';
import { MortalNotifiers } from './notifiers.ts';
import { type Action, drawAction, foundTenant, type Tenant } from './people.ts';
import { Random } from './random.ts';
import { MoodyReceiver } from './receiver.ts';
import type { Road } from './road.ts';
import { SimulatedShard } from './shard.ts';
import { SimulatedTime } from './simulated-time.ts';
import { Targets } from './targets.ts';
import { hasSucceeded, Uplink } from './uplink.ts';
import { Violation, without } from './violation.ts';

const TENANTS = ['acme', 'globex'];
/** A hostile organization: its targets fail from chosen locations. It does nothing else. */
const HOSTILE_TENANT = 'initech';
/** Steps of a seed: most of an hour of simulated time, with a dozen outages. */
const TICKS = 45;
/** Most that the clock of the processes behind people's actions is off. */
const SKEW_MS = 1_500;
/** Chance that the edge's clock is set in a step. */
const CLOCK_CHANCE = 0.04;
/** Chance that the edge does not understand one of the monitors of an assignment. */
const NOT_UNDERSTOOD_CHANCE = 0.06;
/** After this time all leases have ended, and all waits after the receiver's few failures. */
const EVERYTHING_DUE_MS = 5 * 60_000;
/** After this time every hour with results is closed, and every monitor counts as silent. */
const SILENCE_MS = 65 * 60_000;
/** Longest wait for the real loops at the end, on a slow machine. */
const PATIENCE_MS = 30_000;
const POLL_MS = 10;
/** Most lines of the story that a failure shows. */
const STORY_LINES_MAX = 40;

/**
 * One seed of the whole simulation: a shard, people's actions and faults of every part, all drawn from the seed. After
 * each step the database is compared with the model (Ledger). The order of concurrent statements in PostgreSQL is not
 * drawn, so a seed may take different courses.
 */
export class Simulation {
  readonly core: TestCore;
  readonly random: Random;
  readonly time: SimulatedTime;
  readonly ctx: CoreContext;
  readonly targets: Targets;
  readonly shard: SimulatedShard;
  readonly edge: SimulatedEdge;
  readonly receiver: MoodyReceiver;
  readonly uplink: Uplink;
  readonly notifiers: MortalNotifiers;
  readonly tenants: Tenant[] = [];
  /** Organisation and monitor of each event that browsers received. */
  readonly live: [organizationId: string, monitorId: string][] = [];
  ledger = new Ledger();
  readonly #road: Road;
  readonly #breakdowns = new Breakdowns();
  /** A random stream of its own, so that other draws of a seed stay the same. */
  readonly #clockLuck: Random;
  readonly #story: string[] = [];
  #calm = false;
  #asleepTicks = 0;
  #awayTicks = 0;

  constructor(seed: number, core: TestCore, road: Road) {
    this.core = core;
    this.#road = road;
    this.random = new Random(seed);
    this.time = new SimulatedTime(core.ctx.sql);
    this.#clockLuck = this.random.fork('clock');
    this.receiver = new MoodyReceiver(this.random.fork('receiver'), () => this.time.nowMs);
    this.targets = new Targets(this.random.fork('targets'));
    this.shard = new SimulatedShard(core.shardId, this.targets, this.time.nowMs);
    const edgeLuck = this.random.fork('edge');
    const pushLuck = edgeLuck.fork('push');
    const versionLuck = edgeLuck.fork('version');
    this.edge = new SimulatedEdge(this.shard, this.time, {
      call: () => this.#edgeFault(edgeLuck),
      push: () => this.#edgeFault(pushLuck),
      notUnderstood: (ids) => this.#notUnderstood(versionLuck, ids),
    });
    this.ctx = {
      ...core.ctx,
      edge: this.edge,
      clock: this.time.clock(this.random.fork('core')),
      streams: road.streams,
      live: createLocalLiveBus(),
    };
    this.notifiers = new MortalNotifiers(this.ctx, this.receiver, this.random.fork('notifiers'));
    this.uplink = new Uplink({
      core,
      app: createApp(this.ctx),
      shard: this.shard,
      road,
      breakdowns: this.#breakdowns,
      random: this.random.fork('uplink'),
      ledger: () => this.ledger,
      account: (what, histories) => this.#account(what, histories),
    });
  }

  /** Plays the seed until nothing is under way any more. The invariants can be checked then. */
  async play(): Promise<void> {
    try {
      await this.#begin();
      for (let tick = 0; tick < TICKS; tick++) await this.#tick();
      await this.#comeToRest();
    } catch (error) {
      const { message } = error as Error;
      throw new Error(`${message}\nWhat happened before:\n${this.#story.slice(-STORY_LINES_MAX).join('\n')}`, {
        cause: error,
      });
    } finally {
      await this.receiver.close();
    }
  }

  /* ---- the beginning ------------------------------------------------------------------------------------- */

  async #begin(): Promise<void> {
    await this.time.begin();
    await this.receiver.open();
    const ctx = this.#breakdowns.upon(this.ctx);
    await this.#road.open([() => isolating(ctx, createIngest(ctx)), () => isolating(ctx, createIncidents(ctx))]);
    this.ctx.live.subscribe((organizationId, event) => {
      if (event.type === 'result' || event.type === 'monitor.status' || event.type === 'alert') {
        this.live.push([organizationId, event.data.monitorId]);
      }
    });
    const skewMs = this.random.int(-SKEW_MS, SKEW_MS);
    const people = { ...this.ctx, clock: this.time.clock(this.random.fork('people'), skewMs) };
    for (const name of TENANTS) this.tenants.push(await foundTenant(people, name, this));
    const hostile = await foundTenant(people, HOSTILE_TENANT, { ...this, random: this.random.fork('hostile') });
    this.targets.setHostile(hostile.organizationId);
    await this.#publish();
  }

  /* ---- one tick ------------------------------------------------------------------------------------------ */

  async #tick(): Promise<void> {
    const { random } = this;
    await this.time.advance(random.int(2_000, 120_000));
    await this.notifiers.moveOn(false);
    this.#runShard();
    const action = random.chance(0.4) ? this.#draw() : null;
    await this.#act(action);
    await this.#useUplink();
    if (random.chance(0.5)) await this.#act(action?.regret ?? null);
    this.edge.pushStates();
    if (random.chance(0.7)) await this.#publish();
    if (random.chance(0.8)) await this.notifiers.turn();
    if (random.chance(0.15)) await Promise.all([rollUpDirtyHours(this.ctx), rollUpDirtyHours(this.ctx)]);
    if (random.chance(0.2)) await watchFreshness(this.ctx);
    if (random.chance(0.1)) await this.#reconcile();
    if (random.chance(0.05)) {
      await this.#road.restartConsumers();
      this.#note('the consumers are restarted');
    }
    this.receiver.requireNoProblem();
    if (this.shard.waiting.length === 0) await requireEdgeStatuses(this);
  }

  #runShard(): void {
    this.#setEdgeClock();
    if (this.#asleepTicks > 0) {
      this.#asleepTicks--;
      if (this.#asleepTicks === 0) this.shard.restart(this.time.nowMs);
      return;
    }
    this.shard.runUntil(this.time.nowMs);
    if (this.random.chance(0.05)) {
      this.shard.restart(this.time.nowMs);
      this.#note('the shard is restarted');
    }
    if (!this.random.chance(0.04)) return;
    this.#asleepTicks = this.random.int(1, 5);
    this.#note(`the shard sleeps for ${this.#asleepTicks} ticks`);
  }

  /** Sets the edge's clock, mostly wrong by seconds, sometimes by minutes. */
  #setEdgeClock(): void {
    const random = this.#clockLuck;
    if (!random.chance(CLOCK_CHANCE)) return;
    const aheadMs = drawClock(random);
    this.shard.setClock(aheadMs);
    this.#note(`the edge's clock is ${aheadMs} ms ahead`);
  }

  /** Delivers up to three batches, unless the core is out of reach. */
  async #useUplink(): Promise<void> {
    if (this.#awayTicks > 0) this.#awayTicks--;
    else if (this.random.chance(0.06)) {
      this.#awayTicks = this.random.int(1, 8);
      this.#note(`the core is out of reach for ${this.#awayTicks} ticks`);
    } else {
      for (let batches = this.random.int(0, 3); batches > 0; batches--) {
        const meanwhile = this.random.chance(0.15) && this.shard.waiting.length > 0 ? this.#draw() : null;
        this.#note(await this.uplink.deliver(meanwhile));
      }
    }
  }

  async #act(action: Action | null): Promise<void> {
    if (action === null) return;
    const succeeded = await hasSucceeded(action);
    this.#note(`${action.what}: ${succeeded ? 'done' : 'refused'}`);
    await this.#account(action.what, [(ledger) => action.record(ledger, succeeded)]);
  }

  #draw(): Action | null {
    const busy = new Set(
      this.shard.waiting.flatMap((event) => (event.kind === 'monitor.status' ? event.monitorId : [])),
    );
    return drawAction({ tenant: this.random.pick(this.tenants), ledger: this.ledger, random: this.random, busy });
  }

  async #publish(): Promise<void> {
    // A publisher that dies after claiming two requests.
    if (this.random.chance(0.05)) await claimRequests(this.ctx.sql, 2);
    await Promise.all(this.random.chance(0.3) ? [publishDue(this.ctx), publishDue(this.ctx)] : [publishDue(this.ctx)]);
  }

  /** The reconciliation of the edge's cron. */
  async #reconcile(): Promise<void> {
    const { assignments, pages, gone } = this.edge.behind(await this.uplink.directory());
    for (const shard of assignments) {
      this.edge.takeAssignment(assignmentSchema.parse(await this.uplink.get(`/edge/v1/shards/${shard}/assignment`)));
    }
    for (const slug of pages) {
      this.edge.takePage(pageSnapshotSchema.parse(await this.uplink.get(`/edge/v1/pages/${slug}`)));
    }
    for (const slug of gone) this.edge.forgetPage(slug);
    if (assignments.length + pages.length + gone.length > 0) this.#note('the edge pulled what it missed');
  }

  #edgeFault(random: Random): EdgeFault | null {
    return this.#calm || !random.chance(0.2) ? null : random.pick(['away', 'answer lost']);
  }

  /** Draws a monitor that the edge does not understand. The next reconciliation pulls the assignment again. */
  #notUnderstood(random: Random, ids: readonly string[]): ReadonlySet<string> {
    if (this.#calm || ids.length === 0 || !random.chance(NOT_UNDERSTOOD_CHANCE)) return new Set();
    const id = random.pick(ids);
    this.#note(`the edge does not understand ${id}`);
    return new Set([id]);
  }

  /* ---- the end ------------------------------------------------------------------------------------------- */

  /** Stops all faults. The real loops, two of each, finish all that is under way. */
  async #comeToRest(): Promise<void> {
    this.#calm = true;
    this.receiver.calm = true;
    this.targets.calm = true;
    await this.notifiers.moveOn(true);
    this.shard.setClock(0);
    if (this.#asleepTicks > 0) this.shard.restart(this.time.nowMs);
    await this.time.advance(EVERYTHING_DUE_MS);
    // Monitors that the core called unknown for lack of results have results again.
    this.shard.runUntil(this.time.nowMs);
    const loops = await Promise.all([
      startNotifier(this.ctx),
      startNotifier(this.ctx),
      startPublisher(this.ctx),
      startPublisher(this.ctx),
    ]);
    try {
      await this.#reconcile();
      await this.#drain();
      await this.#keepSilence();
      await this.#breakSilence();
      await this.ctx.db.transaction((tx) => requestStalePages(tx, new Date(this.time.nowMs + 1)));
      await this.#drain();
    } finally {
      await Promise.all(loops.map((loop) => loop.close()));
    }
  }

  /** Resolves when nothing waits between edge, core and channels. */
  async #drain(): Promise<void> {
    await this.uplink.deliverAll();
    await this.#until('everything is published', PUBLISH_CHANNEL, 'SELECT * FROM publish_queue');
    // A published assignment may have ended alerts, which are events again.
    await this.uplink.deliverAll();
    const waiting = "SELECT * FROM notifications WHERE status IN ('pending', 'failed')";
    await this.#until('everything is told', NOTIFY_CHANNEL, waiting);
    this.edge.pushStates();
    await this.#until('everything is published', PUBLISH_CHANNEL, 'SELECT * FROM publish_queue');
    await requirePublished(this);
  }

  /** Without results from the edge every monitor must become unknown. */
  async #keepSilence(): Promise<void> {
    await this.time.advance(SILENCE_MS);
    await Promise.all([watchFreshness(this.ctx), watchFreshness(this.ctx)]);
    const shown = await this.ctx.sql<{ id: string; status: string }[]>`
      SELECT monitor_id AS id, status FROM monitor_status`;
    for (const { id, status } of shown) {
      if (['up', 'degraded', 'down'].includes(status)) throw new Violation(`${id} is ${status} after hours of silence`);
    }
  }

  async #breakSilence(): Promise<void> {
    this.shard.restart(this.time.nowMs);
    await this.time.advance(200_000);
    this.shard.runUntil(this.time.nowMs);
    await this.#drain();
    const aggregators = [startAggregator(this.ctx), startAggregator(this.ctx)];
    const settled = `SELECT * FROM dirty_hours WHERE hour + interval '62 minutes' < now()`;
    await this.#until('closed hours are rolled up', NOTIFY_CHANNEL, settled);
    await Promise.all(aggregators.map((aggregator) => aggregator.close()));
  }

  async #until(what: string, channel: string, remaining: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    await this.ctx.sql.notify(channel, '');
    while ((await this.ctx.sql.unsafe(remaining)).count > 0) {
      if (Date.now() > deadline) throw new Violation(`${what}, in the end`, await this.ctx.sql.unsafe(remaining));
      await sleep(POLL_MS);
    }
  }

  /* ---- the model ----------------------------------------------------------------------------------------- */

  async #account(what: string, histories: readonly ((ledger: Ledger) => boolean)[]): Promise<void> {
    const stored = await readFacts(this.ctx.sql);
    for (const history of histories) {
      const ledger = this.ledger.copy();
      if (!history(ledger) || !isDeepStrictEqual(ledger.facts(), stored)) continue;
      this.ledger = ledger;
      return;
    }
    const [likeliest] = histories;
    const ledger = this.ledger.copy();
    const possible = likeliest?.(ledger) ?? false;
    const model = ledger.facts();
    throw new Violation(`${what}: no possible history leads to what is stored`, {
      possible,
      model: { alerts: without(model.alerts, stored.alerts), incidents: without(model.incidents, stored.incidents) },
      stored: { alerts: without(stored.alerts, model.alerts), incidents: without(stored.incidents, model.incidents) },
    });
  }

  #note(line: string): void {
    this.#story.push(`${new Date(this.time.nowMs).toISOString()} ${line}`);
  }
}
