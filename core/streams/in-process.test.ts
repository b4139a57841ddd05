import { expect, test } from 'vitest';
import { eventually } from '#tests/harness/eventually.ts';
import type { StreamConsumer } from '../context.ts';
import { createInProcessStreams } from './in-process.ts';

/** Behaviour of the in-process stream only; common behaviour of both adapters is in streams.test.ts. */

const alert = { v: 1, kind: 'alert.triggered' };
const status = (n: number) => ({ v: 1, kind: 'monitor.status', n });

/** A consumer whose batches end when the test releases them. */
function heldConsumer(kinds: StreamConsumer['kinds'] = ['monitor.status']) {
  const batches: (readonly unknown[])[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const consumer: StreamConsumer = {
    name: 'ingest',
    kinds,
    handle: (messages) =>
      new Promise((resolve, reject) => {
        batches.push(messages);
        ends.push((error) => (error === undefined ? resolve() : reject(error)));
      }),
  };
  return { consumer, batches, end: (error?: Error) => ends.shift()?.(error) };
}

test('publishing ends when the consumer has committed, not before', async () => {
  const streams = createInProcessStreams();
  const held = heldConsumer();
  await streams.consume(held.consumer);
  let done = false;
  const publishing = streams.publish([status(1)]).then(() => {
    done = true;
  });
  await Promise.resolve();
  expect([held.batches.length, done]).toEqual([1, false]);
  held.end();
  await publishing;
  expect(done).toBe(true);
});

test('one batch at a time; what comes meanwhile is the next batch, in order', async () => {
  const streams = createInProcessStreams();
  const held = heldConsumer();
  await streams.consume(held.consumer);
  const all = [1, 2, 3].map((n) => streams.publish([status(n)]));
  expect(held.batches).toEqual([[status(1)]]);
  held.end();
  await all[0];
  expect(held.batches).toEqual([[status(1)], [status(2), status(3)]]);
  held.end();
  await Promise.all(all);
});

test('deliveries that are handled together do not fail for each other', async () => {
  const streams = createInProcessStreams();
  const handled: unknown[] = [];
  await streams.consume({
    name: 'ingest',
    kinds: ['monitor.status'],
    async handle(messages) {
      await Promise.resolve();
      if (messages.some((message) => (message as { n: number }).n === 3)) throw new Error('nobody knows why');
      handled.push(...messages);
    },
  });
  const outcomes = await Promise.allSettled([1, 2, 3, 4].map((n) => streams.publish([status(n)])));
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect(handled).toEqual([status(1), status(2), status(4)]);
});

test('while the connection is lost, deliveries that came together are not tried one by one', async () => {
  const streams = createInProcessStreams();
  const held = heldConsumer();
  await streams.consume(held.consumer);
  const lost = Object.assign(new Error('lost'), { code: 'CONNECTION_CLOSED' });
  const all = Promise.allSettled([1, 2, 3].map((n) => streams.publish([status(n)])));
  held.end();
  await eventually('the others are taken', () => held.batches.length === 2, 20_000);
  held.end(lost);
  expect((await all).map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(held.batches).toHaveLength(2);
});

test('a consumer gets its own kinds only; what nobody knows goes to the one that parks it', async () => {
  const streams = createInProcessStreams();
  const ingest: unknown[] = [];
  const incidents: unknown[] = [];
  const collect = (into: unknown[]) => async (messages: readonly unknown[]) => void into.push(...messages);
  await streams.consume({ name: 'ingest', kinds: ['monitor.status', 'unknown'], handle: collect(ingest) });
  await streams.consume({ name: 'incidents', kinds: ['alert.triggered'], handle: collect(incidents) });
  await streams.publish([status(1), alert, { kind: 'later.version' }, 'text']);
  expect(ingest).toEqual([status(1), { kind: 'later.version' }, 'text']);
  expect(incidents).toEqual([alert]);
});
