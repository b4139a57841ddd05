import { setTimeout as sleep } from 'node:timers/promises';
import type { createApp } from '#core/api/app.ts';
import { resultsOf } from '#domain/wire/results.ts';
import type { EdgeEvent } from '#domain/wire/wire.ts';
import { directorySchema, UPLINK_EVENTS_MAX } from '#domain/wire/wire.ts';
import type { TestCore } from '#tests/core/test-core.ts';
import { type Breakdowns, loseConnections } from './faults.ts';
import type { Ledger } from './ledger.ts';
import type { Action } from './people.ts';
import type { Random } from './random.ts';
import type { Road } from './road.ts';
import type { SimulatedShard } from './shard.ts';
import { requireEqual } from './violation.ts';

/** Checks that what the database holds follows from one of the possible histories. */
export type Account = (what: string, histories: readonly ((ledger: Ledger) => boolean)[]) => Promise<void>;

interface Parts {
  readonly core: TestCore;
  readonly app: ReturnType<typeof createApp>;
  readonly shard: SimulatedShard;
  readonly road: Road;
  readonly breakdowns: Breakdowns;
  readonly random: Random;
  readonly ledger: () => Ledger;
  readonly account: Account;
}

/** What may happen to a batch on its way, with weights. All of it is allowed by at-least-once delivery. */
const FATES = {
  fine: 8,
  'answer lost': 2,
  'sent twice at once': 2,
  'consumer breaks': 5,
  'consumers restarted': 1,
  'carrier away': 0.2,
  'database restarted': 0.5,
  'second half first': 2,
  'an old copy after it': 2,
  'with a message of a later version': 1,
} as const;

/** Longest delay before connections end, about the time that a batch takes on an idle machine. */
const RESTART_DELAY_MAX_MS = 40;
/** Chance that a batch carries a message that PostgreSQL refuses. */
const POISON_CHANCE = 0.15;

const EVENTS_PATH = '/edge/v1/events';

/** Delivers events from the shard to the core, through the core's real route. */
export class Uplink {
  readonly #parts: Parts;
  /** Messages that no consumer understands or that PostgreSQL refuses. Each must be parked once. */
  readonly strange: string[] = [];
  /** A random stream of its own, so that other draws of a seed stay the same. */
  readonly #poisonLuck: Random;
  /** A message that PostgreSQL refuses. Every batch carries it until one is accepted. */
  #poison: object | null = null;
  #poisons = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#poisonLuck = parts.random.fork('poison');
  }

  /** Sends one batch with a drawn fate and returns the fate. `meanwhile` is performed at the same time. */
  async deliver(meanwhile: Action | null): Promise<string> {
    const { shard, random } = this.#parts;
    const batch = shard.waiting.slice(0, random.chance(0.3) ? random.int(1, 20) : UPLINK_EVENTS_MAX);
    if (batch.length === 0) return 'nothing to deliver';
    const fate = meanwhile === null ? random.weighted(FATES) : 'fine';
    if (await this.#deliver(batch, fate, meanwhile)) shard.acknowledged += batch.length;
    return `delivered ${batch.length} events, ${fate}${meanwhile === null ? '' : `, while: ${meanwhile.what}`}`;
  }

  /** Sends all waiting events without faults. */
  async deliverAll(): Promise<void> {
    const { shard } = this.#parts;
    while (shard.waiting.length > 0) {
      const batch = shard.waiting.slice(0, UPLINK_EVENTS_MAX);
      requireEqual(await this.#deliver(batch, 'fine', null), true, 'a core in good order takes every batch');
      shard.acknowledged += batch.length;
    }
    if (this.#poison !== null) requireEqual(await this.#post([]), true, 'what PostgreSQL refuses does not stay');
  }

  /** A request of the edge's cron to the core. */
  async get(path: string): Promise<unknown> {
    const { core, app } = this.#parts;
    const token = await core.edgeToken({ method: 'GET', path, body: '' });
    const answer = await app.request(path, { headers: { Authorization: `Bearer ${token}` } });
    return answer.status === 200 ? answer.json() : null;
  }

  async directory() {
    return directorySchema.parse(await this.get('/edge/v1/directory'));
  }

  /** True when the edge hears that the batch was accepted. */
  async #deliver(batch: readonly EdgeEvent[], fate: keyof typeof FATES, meanwhile: Action | null): Promise<boolean> {
    const { breakdowns, random } = this.#parts;
    switch (fate) {
      case 'fine':
        return this.#send(batch, meanwhile);
      case 'answer lost':
        await this.#send(batch);
        return false;
      case 'sent twice at once': {
        const answers = await Promise.all([this.#post(batch), this.#post(batch)]);
        await this.#accountFor(batch, answers.includes(true), null);
        return answers.includes(true);
      }
      case 'consumer breaks': {
        breakdowns.arm(random.pick(['before', 'within', 'after']), random.int(1, 3));
        const accepted = await this.#send(batch);
        breakdowns.disarm();
        return accepted;
      }
      case 'consumers restarted': {
        const [accepted] = await Promise.all([this.#post(batch), this.#parts.road.restartConsumers()]);
        await this.#accountFor(batch, accepted, null);
        return accepted;
      }
      case 'carrier away': {
        if (!(await this.#parts.road.stopCarrier())) return this.#send(batch);
        const accepted = await this.#postAll(batch);
        requireEqual(accepted, false, 'nothing is accepted while nobody carries it');
        await this.#parts.road.startCarrier();
        await this.#parts.road.settled();
        await this.#accountFor(batch, accepted, null);
        return accepted;
      }
      case 'database restarted': {
        const lost = sleep(random.int(0, RESTART_DELAY_MAX_MS)).then(() => loseConnections(this.#parts.core));
        const [accepted] = await Promise.all([this.#post(batch), lost]);
        await this.#accountFor(batch, accepted, null);
        return accepted;
      }
      case 'second half first': {
        const middle = Math.floor(batch.length / 2);
        const second = await this.#send(batch.slice(middle));
        return (middle === 0 || (await this.#send(batch.slice(0, middle)))) && second;
      }
      case 'an old copy after it': {
        const accepted = await this.#send(batch);
        const { told, acknowledged } = this.#parts.shard;
        const from = random.int(0, acknowledged);
        const copy = told.slice(from, Math.min(acknowledged, from + random.int(1, 100)));
        if (copy.length > 0) await this.#send(copy);
        return accepted;
      }
      case 'with a message of a later version': {
        const strange = { v: 2, kind: random.pick(['check.completed', 'alert.triggered']), n: this.strange.length };
        const answers = [await this.#post([strange, ...batch]), await this.#post([...batch, strange])];
        await this.#accountFor(batch, answers.includes(true), null);
        if (answers.includes(true)) this.strange.push(JSON.stringify(strange));
        return answers.includes(true);
      }
    }
  }

  async #send(batch: readonly EdgeEvent[], meanwhile: Action | null = null): Promise<boolean> {
    if (meanwhile === null) {
      const accepted = await this.#post(batch);
      await this.#accountFor(batch, accepted, null);
      return accepted;
    }
    const [accepted, succeeded] = await Promise.all([this.#post(batch), hasSucceeded(meanwhile)]);
    await this.#accountFor(batch, accepted, { action: meanwhile, succeeded });
    return accepted;
  }

  async #post(batch: readonly unknown[]): Promise<boolean> {
    if (this.#poison === null && this.#poisonLuck.chance(POISON_CHANCE)) this.#poison = this.#drawPoison();
    const poison = batch.length < UPLINK_EVENTS_MAX ? this.#poison : null;
    const place = this.#poisonLuck.int(0, batch.length);
    const accepted = await this.#postAll(poison === null ? batch : batch.toSpliced(place, 0, poison));
    await this.#parts.road.settled();
    if (accepted && poison !== null && poison === this.#poison) {
      this.strange.push(JSON.stringify(poison));
      this.#poison = null;
    }
    return accepted;
  }

  /** A message of valid form for one of the consumers, with a character that no PostgreSQL text column takes. */
  #drawPoison(): object {
    const id = `evt_poison_${this.#poisons++}`;
    const at = '2026-03-01T21:00:00.000Z';
    const name = '\u0000';
    return this.#poisonLuck.pick<object>([
      { v: 1, kind: 'location.state', id, location: 'eu-west', shard: name, dark: true, at },
      {
        v: 1,
        kind: 'alert.triggered',
        id,
        alertId: `alr_${name}`,
        ruleId: 'rul_default',
        monitorId: `mon_${name}`,
        to: 'firing',
        severity: 'critical',
        scheduledAt: at,
        at,
        summary: '',
        cause: 'observed',
        failing: [],
        traceId: id,
      },
    ]);
  }

  async #postAll(events: readonly unknown[]): Promise<boolean> {
    const { core, app } = this.#parts;
    const body = JSON.stringify({ v: 1, shard: core.shardId, events });
    const token = await core.edgeToken({ method: 'POST', path: EVENTS_PATH, body });
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await app.request(EVENTS_PATH, { method: 'POST', body, headers });
    return answer.status === 202;
  }

  /**
   * Compares the database with the possible histories. An accepted batch was taken as a whole; a refused one up to any of
   * its alerts. An action at the same time came before, between or after the alerts.
   */
  async #accountFor(
    batch: readonly EdgeEvent[],
    accepted: boolean,
    meanwhile: { action: Action; succeeded: boolean } | null,
  ): Promise<void> {
    const alerts = batch.filter((event) => event.kind === 'alert.triggered');
    const histories: ((ledger: Ledger) => boolean)[] = [];
    for (let taken = alerts.length; taken >= (accepted ? alerts.length : 0); taken--) {
      const steps = alerts.slice(0, taken).map((event) => (ledger: Ledger): boolean => {
        ledger.takeAlert(event);
        return true;
      });
      if (meanwhile === null) {
        histories.push((ledger) => steps.every((step) => step(ledger)));
        continue;
      }
      const { action, succeeded } = meanwhile;
      for (let position = 0; position <= taken; position++) {
        const act = (ledger: Ledger) => action.record(ledger, succeeded);
        histories.push((ledger) => steps.toSpliced(position, 0, act).every((step) => step(ledger)));
      }
    }
    await this.#parts.account('a batch', histories);
    if (accepted) await this.#requireSafe(batch);
  }

  /** Requires that every result and verdict of an accepted batch is stored. */
  async #requireSafe(batch: readonly EdgeEvent[]): Promise<void> {
    const { core, ledger } = this.#parts;
    const { monitors } = ledger();
    const results = batch.flatMap(resultsOf);
    const rounds = batch.flatMap((event) => (event.kind === 'round.judged' ? [event] : []));
    const own = <T extends { id: string; monitorId: string }>(list: readonly T[]) =>
      [...new Set(list.filter(({ monitorId }) => monitors.has(monitorId)).map(({ id }) => id))].sort();
    const stored = await core.ctx.sql<{ id: string }[]>`SELECT id FROM check_results WHERE id = ANY(${own(results)})`;
    requireEqual(stored.map(({ id }) => id).sort(), own(results), 'results that were accepted are stored once');
    const ownRounds = rounds.filter(({ monitorId }) => monitors.has(monitorId));
    const kept = await core.ctx.sql`
      SELECT 1 FROM rounds
      WHERE trace_id = ANY(${ownRounds.map(({ traceId }) => traceId)})`;
    requireEqual(
      kept.length,
      new Set(ownRounds.map(({ monitorId, scheduledAt }) => `${monitorId} ${scheduledAt}`)).size,
      'verdicts that were accepted are stored once',
    );
  }
}

/** Whether an action succeeds. An error other than a conflict or a missing object fails the simulation. */
export async function hasSucceeded(action: Action): Promise<boolean> {
  try {
    await action.perform();
    return true;
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === 'conflict' || code === 'not_found') return false;
    throw error;
  }
}
