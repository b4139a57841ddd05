import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers, nanos } from '@nats-io/transport-node';
import { exportJWK, generateKeyPair } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { LiveEvent } from '#domain/api/live.ts';
import { alert, idsOf, type StreamScene, startStreamScene } from '#tests/core/stream-scene.ts';
import { completed, resultAt } from '#tests/core/test-core.ts';
import { eventually } from '#tests/harness/eventually.ts';
import type { CoreContext, StreamConsumer } from '../context.ts';
import { createIngest } from '../ingest/consumer.ts';
import { createNatsLiveBus } from '../platform/live-bus.ts';
import { isolating } from './isolate.ts';
import type { JetStream } from './jetstream.ts';
import { MessageSignatures } from './message-signatures.ts';

/** Behaviour of JetStream only; common behaviour of both adapters is in streams.test.ts. */

/** Short, so that an outage of forty ack waits passes in seconds. (The previous version gave up after twelve.) */
const ACK_WAIT_MS = 100;
const DURABLE = 'incidents_alert-triggered';

let scene: StreamScene;
let ctx: CoreContext;
const open: JetStream[] = [];

beforeAll(async () => {
  scene = await startStreamScene();
});
beforeEach(async () => {
  ctx = await scene.fresh();
});
afterEach(async () => {
  await scene.way.mend();
  const { connection } = await connect();
  await (await jetstreamManager(connection)).streams.delete('BLACKTIDE');
  await Promise.all(open.splice(0).map((stream) => stream.streams.close()));
});
afterAll(() => scene.close());

async function connect(options?: { ackWaitMs: number }): Promise<JetStream> {
  const stream = await eventually('nats-server answers', () => scene.connect(ctx, options));
  open.push(stream);
  return stream;
}
const connectImpatient = () => connect({ ackWaitMs: ACK_WAIT_MS });
/** Disconnects without a message to the server, as a killed process does. */
async function kill(stream: JetStream): Promise<void> {
  await stream.connection.close();
  open.splice(open.indexOf(stream), 1);
  await stream.streams.close();
}
const incidents = (handle: StreamConsumer['handle']): StreamConsumer => ({
  name: 'incidents',
  kinds: ['alert.triggered'],
  handle,
});
const writer = () =>
  isolating(
    ctx,
    incidents(async (messages) => {
      await ctx.sql`INSERT INTO handled (id) SELECT * FROM unnest(${idsOf(messages)}::text[])`;
    }),
  );
const handled = () => scene.handled();
const parked = () => scene.parked();
const infoOf = async (stream: JetStream, durable = DURABLE) =>
  (await jetstreamManager(stream.connection)).consumers.info('BLACKTIDE', durable);
const pendingOf = async (stream: JetStream) => {
  const info = await infoOf(stream);
  return info.num_pending + info.num_ack_pending;
};
/** Waits for this many ack waits. */
async function passed(ackWaits: number): Promise<void> {
  const endMs = performance.now() + ackWaits * ACK_WAIT_MS;
  await eventually('time goes by', () => performance.now() > endMs);
}

/* ---- outages ----------------------------------------------------------------------------------------------- */

const outages: [what: string, begin: () => Promise<unknown>, end: () => Promise<unknown>][] = [
  ['is away', () => scene.way.cut(), () => scene.way.mend()],
  ['answers and takes nothing (read-only)', () => readOnly('on'), () => readOnly('off')],
  [
    'lacks a column that a migration has yet to bring',
    () => scene.core.ctx.sql`ALTER TABLE handled RENAME COLUMN id TO other`,
    () => scene.core.ctx.sql`ALTER TABLE handled RENAME COLUMN other TO id`,
  ],
];
/** Effective for new connections, so the consumers' connections are closed. */
async function readOnly(mode: 'on' | 'off'): Promise<void> {
  await scene.core.ctx.sql.begin('read write', async (tx) => {
    const [row] = await tx`SELECT current_database() AS name`;
    await tx`ALTER DATABASE ${tx(row?.name)} SET default_transaction_read_only = ${tx.unsafe(mode)}`;
  });
  await scene.core.ctx.sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'test'`;
}

test.each(outages)(
  'the database %s for 40 ack waits: it is held, not brought again and again, and handled in order',
  async (_, begin, end) => {
    const stream = await connectImpatient();
    await stream.streams.consume(writer());
    await begin();
    const events = Array.from({ length: 300 }, (_event, n) => alert(n));
    // More messages than one process may hold.
    for (const event of events) await stream.streams.publish([event]);
    await eventually('it holds what it may', async () => (await infoOf(stream)).num_ack_pending === 256);
    await passed(40);
    const info = await infoOf(stream);
    expect(info).toMatchObject({ num_ack_pending: 256, num_pending: 44 });
    // A machine that pauses for an ack wait causes some redeliveries. Without in-progress acknowledgements there would
    // be 40 times as many.
    expect(info.delivered.consumer_seq).toBeLessThan(10 * 256);
    await end();
    await eventually('all are handled', async () => new Set(await handled()).size === events.length);
    expect(await handled()).toEqual(idsOf(events));
    expect(await parked()).toEqual([]);
    await eventually('all are acknowledged', async () => (await pendingOf(stream)) === 0);
  },
);

test('a process that dies again and again during an outage: nothing is parked, and nothing is lost', async () => {
  const producer = await connectImpatient();
  await scene.way.cut();
  const events = Array.from({ length: 20 }, (_, n) => alert(n));
  for (const event of events) await producer.streams.publish([event]);
  for (let life = 1; life <= 15; life++) {
    const process = await connectImpatient();
    let tried = false;
    const consumer = writer();
    await process.streams.consume({
      ...consumer,
      handle: (messages) => {
        tried = true;
        return consumer.handle(messages);
      },
    });
    await eventually('it tries', () => tried);
    // Some processes are killed, others stopped in order.
    if (life % 2 === 0) await kill(process);
    else await process.streams.close();
  }
  const survivor = await connectImpatient();
  let deliveries = 0;
  const raw = await jetstream(producer.connection).consumers.get('BLACKTIDE', DURABLE);
  await eventually('the server has counted', async () => {
    const message = await raw.next({ expires: 1_000 });
    deliveries = message?.info.deliveryCount ?? 0;
    message?.nak();
    return deliveries > 12;
  });
  await survivor.streams.consume(writer());
  await scene.way.mend();
  await eventually('all are handled', async () => new Set(await handled()).size === events.length);
  expect(await parked()).toEqual([]);
  await eventually('all are acknowledged', async () => (await pendingOf(survivor)) === 0);
});

test('a handler that is slow but healthy is not told twice', async () => {
  const stream = await connectImpatient();
  const batches: string[][] = [];
  await stream.streams.consume(
    incidents(async (messages) => {
      batches.push(idsOf(messages));
      if (batches.length === 1) await passed(10);
    }),
  );
  await stream.streams.publish([alert(1)]);
  await eventually('the first is in hand', () => batches.length === 1);
  await stream.streams.publish([alert(2)]);
  await eventually('all are acknowledged', async () => (await pendingOf(stream)) === 0);
  expect(batches).toEqual([['evt_1'], ['evt_2']]);
});

test('what arrives while a process stops is returned at once, not after the ack wait', async () => {
  const producer = await connect();
  const got = new Set<string>();
  const taker = isolating(
    ctx,
    incidents(async (messages) => {
      for (const id of idsOf(messages)) got.add(id);
    }),
  );
  for (let round = 0; round < 6; round++) {
    const stopping = await connect();
    await stopping.streams.consume(taker);
    const publishing = Array.from({ length: 20 }, (_, n) => producer.streams.publish([alert(round * 20 + n)]));
    // The server delivers some of them before it knows that this process has stopped.
    await Promise.all([stopping.streams.close(), ...publishing]);
    open.splice(open.indexOf(stopping), 1);
  }
  const next = await connect();
  await next.streams.consume(taker);
  // Half of the ack wait of a minute.
  await eventually('all are handled', () => got.size === 6 * 20);
});

test('a handler that holds many messages for long is brought none of them again', async () => {
  const stream = await connectImpatient();
  const brought: string[] = [];
  let end = () => {};
  const held = new Promise<void>((resolve) => {
    end = resolve;
  });
  await stream.streams.consume(
    incidents(async (messages) => {
      brought.push(...idsOf(messages));
      await held;
    }),
  );
  for (let n = 0; n < 20; n++) await stream.streams.publish([alert(n)]);
  await eventually('all are in hand', async () => (await infoOf(stream)).num_ack_pending === 20);
  await passed(20);
  const { delivered } = await infoOf(stream);
  // Each was delivered once; a machine that pauses for an ack wait causes a few more deliveries.
  expect(delivered.consumer_seq).toBeLessThan(3 * 20);
  end();
  await eventually('all are acknowledged', async () => (await pendingOf(stream)) === 0);
  expect(brought).toHaveLength(20);
});

test('nats-server is restarted in the middle of an outage: what is held is handled once', async () => {
  const stream = await connect();
  await stream.streams.consume(writer());
  await scene.way.cut();
  await stream.streams.publish([alert(1), alert(2)]);
  await eventually('it is held', async () => (await infoOf(stream)).num_ack_pending === 1);
  await scene.nats.stop();
  await scene.nats.start();
  await eventually('the server answers', () => stream.streams.publish([alert(3)]).then(() => true));
  await scene.way.mend();
  await eventually('all are handled', async () => (await handled()).includes('evt_3'));
  expect(await handled()).toEqual(['evt_1', 'evt_2', 'evt_3']);
});

test('consumers that the version before has made are changed: no number of deliveries ends a message', async () => {
  const before = await connect();
  const manager = await jetstreamManager(before.connection);
  await manager.consumers.delete('BLACKTIDE', DURABLE);
  await manager.consumers.add('BLACKTIDE', {
    durable_name: DURABLE,
    filter_subject: 'blacktide.alert.triggered',
    ack_policy: AckPolicy.Explicit,
    backoff: [60_000, 120_000, 300_000, 600_000].map((ms) => nanos(ms)),
    max_deliver: 12,
    max_ack_pending: 1_000,
  });
  const { config } = await infoOf(await connect());
  expect(config).toMatchObject({ ack_wait: nanos(60_000), max_deliver: -1, max_ack_pending: 256 });
  expect(config.backoff ?? []).toEqual([]);
});

/* ---- signatures -------------------------------------------------------------------------------------------- */

/** A message made by hand; `changes` are the forgeries of an attacker who may publish. */
async function forge(
  stream: JetStream,
  {
    body = batchOf(alert(1)),
    id = 'id',
    subject = 'blacktide.alert.triggered',
    signature = undefined as string | undefined,
  },
): Promise<void> {
  const head = headers();
  head.set('Nats-Msg-Id', id);
  if (signature !== undefined) head.set('Blacktide-Signature', signature);
  await jetstream(stream.connection).publish(subject, body, { headers: head });
}
const batchOf = (...events: unknown[]) => JSON.stringify({ v: 1, shard: 'shd_1', events });
const GENUINE = { subject: 'blacktide.alert.triggered', shard: 'shd_1', id: 'id', body: batchOf(alert(1)) };
async function signed(changes: Partial<typeof GENUINE>, keys = scene.core.keys): Promise<string> {
  return (await MessageSignatures.of(keys)).sign({ ...GENUINE, ...changes });
}
async function strangersKeys() {
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  return { ...scene.core.keys, corePrivate: await exportJWK(privateKey) };
}

test.each<[what: string, make: () => Promise<Parameters<typeof forge>[1]>, reason: string]>([
  ['without a signature', async () => ({}), 'not signed'],
  ['that the version before left: an event, unsigned', async () => ({ body: JSON.stringify(alert(1)) }), 'not signed'],
  [
    'signed by a stranger',
    async () => ({ signature: await signed({}, await strangersKeys()) }),
    'the signature is not genuine',
  ],
  [
    'with the signature of another subject',
    async () => ({ signature: await signed({ subject: 'blacktide.x' }) }),
    'the signature is for another subject',
  ],
  [
    'with the signature of another message',
    async () => ({ signature: await signed({ id: 'x' }) }),
    'the signature is for another message',
  ],
  [
    'with the signature of another body',
    async () => ({ signature: await signed({ body: '' }) }),
    'the signature is for another body',
  ],
  [
    'with the signature of another shard',
    async () => ({ signature: await signed({ shard: 'shd_2' }) }),
    'the signature is for another shard',
  ],
  [
    'signed, and no batch',
    async () => ({ body: '[]', signature: await signed({ body: '[]' }) }),
    'signed, but not a batch of events that this version understands',
  ],
])('a message %s is refused: it stands in the dead letters and is never handled', async (_, make, reason) => {
  const stream = await connect();
  const got: string[] = [];
  await stream.streams.consume(incidents(async (messages) => void got.push(...idsOf(messages))));
  const forged = await make();
  await forge(stream, forged);
  await stream.streams.publish([alert(2)]);
  await eventually('the genuine one behind it is handled', () => got.includes('evt_2'));
  expect(got).toEqual(['evt_2']);
  const payload = forged.body ?? GENUINE.body;
  expect(await parked()).toEqual([{ subject: 'alert.triggered', consumer: 'incidents', reason, payload }]);
  expect(ctx.metrics.render()).toContain(
    `blacktide_refused_messages_total{consumer="incidents",reason="${reason}"} 1\n`,
  );
  await eventually('it is gone', async () => (await pendingOf(stream)) === 0);
});

test('a message as it should be, made by hand, is handled', async () => {
  const stream = await connect();
  const got: string[] = [];
  await stream.streams.consume(incidents(async (messages) => void got.push(...idsOf(messages))));
  await forge(stream, { signature: await signed({}) });
  await eventually('it is handled', () => got.length > 0);
});

test('what is refused waits, too, while the database is away, and is told once', async () => {
  const stream = await connectImpatient();
  await stream.streams.consume(writer());
  await scene.way.cut();
  await forge(stream, { body: 'a\u0000b' });
  await stream.streams.publish([alert(1)]);
  await passed(20);
  await scene.way.mend();
  await eventually('the one behind it is handled', async () => (await handled()).length > 0);
  expect(await parked()).toMatchObject([{ reason: 'not signed', payload: 'a\ufffdb' }]);
  expect(ctx.metrics.render()).toContain(
    'blacktide_refused_messages_total{consumer="incidents",reason="not signed"} 1\n',
  );
});

test('events of a kind that this version has no subject for are found, in order; garbage beside them is refused', async () => {
  const stream = await connect();
  const subject = 'blacktide.check.guessed';
  const guess = (n: number) => ({ v: 1, kind: 'check.guessed', n });
  for (const n of [1, 2]) {
    const [id, body] = [`guess ${n}`, batchOf(guess(n))];
    await forge(stream, { subject, id, body, signature: await signed({ subject, id, body }) });
  }
  await forge(stream, { subject: 'blacktide.any.thing', id: 'garbage', body: 'garbage' });
  await stream.streams.consume(isolating(ctx, createIngest(ctx)));
  await eventually('all are parked', async () => (await parked()).length === 3);
  expect(
    (await parked()).filter(({ payload }) => payload !== 'garbage').map(({ payload }) => JSON.parse(payload)),
  ).toEqual([guess(1), guess(2)]);
  expect((await parked()).find(({ payload }) => payload === 'garbage')).toMatchObject({
    subject: 'any.thing',
    reason: 'not signed',
  });
  const manager = await jetstreamManager(stream.connection);
  await eventually('the stream is empty', async () => (await manager.streams.info('BLACKTIDE')).state.messages === 0);
});

/* ---- the server -------------------------------------------------------------------------------------------- */

test('published twice within minutes, a batch is told once', async () => {
  const stream = await connect();
  const events = [alert(1), alert(2)];
  await stream.streams.publish(events);
  await stream.streams.publish(events);
  const got: string[] = [];
  await stream.streams.consume(incidents(async (messages) => void got.push(...idsOf(messages))));
  await eventually('all are acknowledged', async () => (await pendingOf(stream)) === 0);
  expect(got).toEqual(['evt_1', 'evt_2']);
});

test('stopped and started again, the server brings what was stored, and nobody has to be restarted', async () => {
  const stream = await connect();
  const monitor = await scene.core.addMonitor();
  const slot = Math.floor(Date.now() / 5000) * 5000;
  const result = (n: number) => completed(resultAt(monitor, 'eu-west', new Date(slot - n * 5000)));
  const stored = async (...which: ReturnType<typeof result>[]) => {
    const ids = which.map((one) => one.result.id);
    return (await scene.core.ctx.sql`SELECT 1 FROM check_results WHERE id = ANY(${ids})`).count === ids.length;
  };
  await stream.streams.publish([result(1)]);
  // Stopped in order: messages acknowledged just before kill -9 may not be on the server's disk yet.
  await scene.nats.stop();
  await expect(stream.streams.publish([result(9)])).rejects.toMatchObject({ code: 'unavailable' });
  await scene.nats.start();
  await eventually('it answers', () => stream.streams.readiness().then(() => true));
  await stream.streams.consume(createIngest(scene.core.ctx));
  await eventually('what was stored before arrives', () => stored(result(1)));
  await scene.nats.stop();
  await scene.nats.start();
  await eventually('publishing works again', () => stream.streams.publish([result(2), result(3)]).then(() => true));
  await eventually('all arrive', () => stored(result(2), result(3)));
}, 60_000);

test('a stream that was lost with its disk is made anew', async () => {
  const stream = await connect();
  const got: unknown[] = [];
  await stream.streams.consume(incidents(async (messages) => void got.push(...messages)));
  await (await jetstreamManager(stream.connection)).streams.delete('BLACKTIDE');
  await eventually('publishing works again', () => stream.streams.publish([alert(9)]).then(() => true));
  await eventually('and arrives', () => got.length > 0);
}, 40_000);

test('live events reach the subscribers of every process, incidents relayed here only this one', async () => {
  const [one, two] = [await connect(), await connect()];
  const [busOne, busTwo] = [createNatsLiveBus(one.connection), createNatsLiveBus(two.connection)];
  const heard: [string, string, LiveEvent][] = [];
  busOne.subscribe((org, event) => heard.push(['one', org, event]));
  const stop = busTwo.subscribe((org, event) => heard.push(['two', org, event]));
  await Promise.all([one.connection.flush(), two.connection.flush()]);
  const event: LiveEvent = { type: 'hello', at: '2026-11-22T12:00:00.000Z' };
  busOne.emit('org_a', [event]);
  await eventually('both heard it', () => heard.length === 2);
  expect(heard).toEqual(
    expect.arrayContaining([
      ['one', 'org_a', event],
      ['two', 'org_a', event],
    ]),
  );
  stop();
  busOne.emitHere('org_b', [event]);
  expect(heard.slice(2)).toEqual([['one', 'org_b', event]]);
});
