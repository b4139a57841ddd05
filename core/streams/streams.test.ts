import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { alert, idsOf, type StreamScene, startStreamScene } from '#tests/core/stream-scene.ts';
import { eventually } from '#tests/harness/eventually.ts';
import type { CoreContext, StreamConsumer, Streams } from '../context.ts';
import { createIngest } from '../ingest/consumer.ts';
import { createInProcessStreams } from './in-process.ts';
import { isolating } from './isolate.ts';
import type { JetStream } from './jetstream.ts';

/** An adapter of the stream port for the common tests, with the two properties in which adapters differ. */
interface Adapter {
  readonly name: string;
  /** Whether an event without a consumer is stored. */
  readonly keeps: boolean;
  open(): Promise<void>;
  /** A core process on the stream; in process there is only one. */
  join(): Promise<Streams>;
  /** Fills the stream behind a consumer that never finishes. */
  fill(streams: Streams): Promise<void>;
  close(): Promise<void>;
}

let scene: StreamScene;
/** The consumers' context: its connection to the database can be cut. */
let ctx: CoreContext;

beforeAll(async () => {
  scene = await startStreamScene();
});
beforeEach(async () => {
  ctx = await scene.fresh();
});
afterAll(() => scene.close());

function inProcess(): Adapter {
  let streams: Streams;
  return {
    name: 'in process',
    keeps: false,
    async open() {
      streams = createInProcessStreams();
    },
    join: async () => streams,
    async fill() {
      const batch = Array.from({ length: 5_000 }, (_, n) => alert(n));
      void streams.publish(batch).catch(() => {});
      void streams.publish(batch).catch(() => {});
      void streams.publish(batch).catch(() => {});
    },
    close: () => streams.close(),
  };
}

function throughJetStream(): Adapter {
  const joined: JetStream[] = [];
  const join = async () => {
    const stream = await scene.connect(ctx);
    joined.push(stream);
    return stream.streams;
  };
  return {
    name: 'JetStream',
    keeps: true,
    async open() {},
    join,
    async fill() {
      const manager = await jetstreamManager((joined[0] as JetStream).connection);
      await manager.streams.update('BLACKTIDE', { max_bytes: 100 });
    },
    async close() {
      await Promise.all(joined.splice(0).map(({ streams }) => streams.close()));
      await join();
      const [last] = joined.splice(0) as [JetStream];
      await (await jetstreamManager(last.connection)).streams.delete('BLACKTIDE');
      await last.streams.close();
    },
  };
}

const alerts = (handle: StreamConsumer['handle']) =>
  isolating(ctx, { name: 'incidents', kinds: ['alert.triggered'], handle }, { pauseMs: 1 });
/** Writes the received events into the database, one statement per batch, unless `refuse` returns an error. */
const writer = (refuse: (id: string) => Error | undefined = () => undefined) =>
  alerts(async (messages) => {
    for (const id of idsOf(messages)) {
      const error = refuse(id);
      if (error !== undefined) throw error;
    }
    await ctx.sql`INSERT INTO handled (id) SELECT * FROM unnest(${idsOf(messages)}::text[])`;
  });
const handled = () => scene.handled();
const parked = async () => (await scene.parked()).map(({ subject: _, ...letter }) => letter);
/** Publishes repeatedly until the stream accepts, as the edge does. */
const publishUntilSafe = (streams: Streams, events: readonly unknown[]) =>
  eventually('the road takes it', () => streams.publish(events).then(() => true));

describe.each([inProcess(), throughJetStream()])('$name', (adapter) => {
  beforeEach(() => adapter.open());
  afterEach(() => adapter.close());

  test('what was published is handled once, in the order of its publisher', async () => {
    const [producer, consumer] = [await adapter.join(), await adapter.join()];
    await consumer.consume(writer());
    const events = Array.from({ length: 600 }, (_, n) => alert(n));
    await producer.publish(events.slice(0, 1));
    await Promise.all([producer.publish(events.slice(1, 300)), producer.publish(events.slice(300, 400))]);
    await producer.publish(events.slice(400));
    await eventually('all are handled', async () => (await handled()).length >= events.length);
    expect(await handled()).toEqual(idsOf(events));
  });

  test('when publishing has ended, the event is safe: it is handled, or comes to who takes over', async () => {
    const streams = await adapter.join();
    const done: string[] = [];
    await streams.consume(alerts(async (messages) => void done.push(...idsOf(messages))));
    await streams.publish([alert(1)]);
    await streams.close();
    if (adapter.keeps) {
      await (await adapter.join()).consume(alerts(async (messages) => void done.push(...idsOf(messages))));
    }
    await eventually('it is handled', () => done.length > 0);
    expect(new Set(done)).toEqual(new Set(['evt_1']));
  });

  test(`a consumer that comes later gets what was published before: ${adapter.keeps}`, async () => {
    const [producer, consumer] = [await adapter.join(), await adapter.join()];
    await producer.publish([alert(1)]);
    await consumer.consume(writer());
    await producer.publish([alert(2)]);
    await eventually('the second is handled', async () => (await handled()).includes('evt_2'));
    expect(await handled()).toEqual(adapter.keeps ? ['evt_1', 'evt_2'] : ['evt_2']);
  });

  test('a consumer that throws gets it again', async () => {
    const streams = await adapter.join();
    const got: string[][] = [];
    await streams.consume(
      alerts(async (messages) => {
        got.push(idsOf(messages));
        if (got.length < 4) throw Object.assign(new Error('the disk is full'), { code: '53100' });
      }),
    );
    await publishUntilSafe(streams, [alert(1), alert(2)]);
    await eventually('it is handled', () => got.length === 4);
    expect(got).toEqual(Array(4).fill(['evt_1', 'evt_2']));
    expect(await parked()).toEqual([]);
  });

  test.each([
    ['the database refuses', Object.assign(new Error('no integer'), { code: '22P02' })],
    ['our own code cannot take', new TypeError('no text')],
    ['fails, nobody knows why', new Error('who knows')],
  ])('one message that %s is parked, once, and the others are handled in their order', async (_, error) => {
    const streams = await adapter.join();
    await streams.consume(writer((id) => (id === 'evt_3' ? error : undefined)));
    const events = Array.from({ length: 7 }, (_event, n) => alert(n));
    await publishUntilSafe(streams, events);
    await publishUntilSafe(streams, [alert(7)]);
    await eventually('all others are handled', async () => (await handled()).includes('evt_7'));
    expect(await handled()).toEqual(idsOf(events.toSpliced(3, 1)).concat('evt_7'));
    expect(await parked()).toEqual([
      { consumer: 'incidents', reason: error.message, payload: JSON.stringify(alert(3)) },
    ]);
    expect(ctx.metrics.render()).toContain('blacktide_parked_messages_total{consumer="incidents"} 1\n');
  });

  test('events of a kind that nobody knows are parked once, counted, and of use to a consumer that knows them', async () => {
    const streams = await adapter.join();
    await streams.consume(isolating(ctx, createIngest(ctx)));
    await streams.consume(writer());
    const strange = { v: 1, kind: 'check.guessed', id: 'evt_guess' };
    await streams.publish([alert(1), strange, alert(2)]);
    await streams.publish([strange], { again: true });
    await eventually('it is parked', async () => (await parked()).length > 0);
    await eventually('both others are handled', async () => (await handled()).length === 2);
    expect(await handled()).toEqual(['evt_1', 'evt_2']);
    await eventually('it is counted', () =>
      ctx.metrics.render().includes('blacktide_parked_messages_total{consumer="ingest"} 1\n'),
    );
    const [letter] = await parked();
    expect(await parked()).toEqual([
      { consumer: 'ingest', reason: expect.stringMatching(/kind/), payload: letter?.payload },
    ]);
    // The core is updated: the same stream, with a consumer that knows the kind.
    await adapter.close();
    await adapter.open();
    const updated = await adapter.join();
    const understood: unknown[] = [];
    await updated.consume({
      name: 'ingest',
      kinds: ['unknown'],
      handle: async (messages) => void understood.push(...messages),
    });
    await updated.publish([JSON.parse(letter?.payload ?? '')], { again: true });
    await eventually('it is understood', () => understood.length > 0);
    expect(understood).toEqual([strange]);
  });

  test('what is to come again comes again, whatever the road has just seen', async () => {
    const streams = await adapter.join();
    await streams.consume(writer());
    await streams.publish([alert(1)]);
    await streams.publish([alert(1)], { again: true });
    await streams.publish([alert(1)], { again: true });
    await eventually('it came three times', async () => (await handled()).length === 3);
  });

  test('a full road refuses, so that the edge keeps what it has', async () => {
    const streams = await adapter.join();
    let end = () => {};
    const held = new Promise<void>((resolve) => {
      end = resolve;
    });
    await streams.consume({ name: 'incidents', kinds: ['alert.triggered'], handle: () => held });
    await adapter.fill(streams);
    await expect(streams.publish([alert(1)])).rejects.toMatchObject({ code: 'unavailable' });
    end();
  });

  test('the database goes away in the middle and comes back: all is handled, nothing is parked', async () => {
    const streams = await adapter.join();
    await streams.consume(writer());
    await streams.publish([alert(1)]);
    await eventually('the first is handled', async () => (await handled()).length === 1);
    await scene.way.cut();
    const publishing = publishUntilSafe(streams, [alert(2), alert(3)]).then(() =>
      publishUntilSafe(streams, [alert(4)]),
    );
    await eventually('the outage is noticed', () =>
      ctx.sql`SELECT 1`.then(
        () => false,
        () => true,
      ),
    );
    await scene.way.mend();
    await publishing;
    await eventually('the last is handled', async () => (await handled()).includes('evt_4'));
    // At least once: a commit whose answer was lost is repeated.
    expect([...new Set(await handled())]).toEqual(['evt_1', 'evt_2', 'evt_3', 'evt_4']);
    expect(await parked()).toEqual([]);
  });

  test('closing finishes what is in hand, in order, and takes nothing more', async () => {
    const streams = await adapter.join();
    const ends: (() => void)[] = [];
    const done: string[] = [];
    await streams.consume(
      alerts(async (messages) => {
        await new Promise<void>((resolve) => ends.push(resolve));
        done.push(...idsOf(messages));
      }),
    );
    const publishing = streams.publish([alert(1), alert(2)]);
    await eventually('it is in hand', () => ends.length === 1);
    const closing = streams.close();
    ends[0]?.();
    await Promise.all([publishing, closing]);
    expect(done).toEqual(['evt_1', 'evt_2']);
    await expect(streams.publish([alert(3)])).rejects.toMatchObject({ code: 'unavailable' });
  });
});
