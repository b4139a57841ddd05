import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { LiveEvent } from '#domain/api/live.ts';
import { completed, resultAt, startTestCore, type TestCore } from '#tests/core/test-core.ts';
import { createTestDatabase } from '#tests/database.ts';
import { eventually } from '#tests/harness/eventually.ts';
import { freePort } from '#tests/harness/free-port.ts';
import { findProgram } from '#tests/programs.ts';
import type { StreamConsumer } from '../context.ts';
import { createIngest } from '../ingest/consumer.ts';
import { createNatsLiveBus } from '../platform/live-bus.ts';
import { connectJetStream, type JetStream } from './jetstream.ts';

let core: TestCore;
let port: number;
let folder: string;
let server: ChildProcess;
const open: JetStream[] = [];

beforeAll(async () => {
  core = await startTestCore(await createTestDatabase());
  port = await freePort();
  folder = mkdtempSync(join(tmpdir(), 'blacktide-jetstream-'));
  startServer();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((stream) => stream.streams.close()));
  await (await connect()).connection.request('$JS.API.STREAM.PURGE.BLACKTIDE');
});
afterAll(async () => {
  await Promise.all(open.splice(0).map((stream) => stream.streams.close()));
  await stopServer();
  rmSync(folder, { recursive: true, force: true });
  await core.close();
});

function startServer(): void {
  const program = findProgram('nats-server');
  if (program === null) throw new Error('nats-server is not installed');
  server = spawn(program, ['-js', '-sd', folder, '-a', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
}
function stopServer(): Promise<void> {
  return new Promise((resolve) => {
    server.once('exit', () => resolve());
    server.kill('SIGTERM');
  });
}
async function connect(): Promise<JetStream> {
  const stream = await eventually('nats-server answers', () => connectJetStream(`nats://127.0.0.1:${port}`, core.ctx));
  open.push(stream);
  return stream;
}
const alert = (n: number) => ({ v: 1, kind: 'alert.triggered', id: `evt_${n}_${port}_${Math.random()}` });
const incidents = (handle: StreamConsumer['handle']): StreamConsumer => ({
  name: 'incidents',
  kinds: ['alert.triggered'],
  handle,
});
const pendingOf = async (stream: JetStream, durable: string) => {
  const info = await (await jetstreamManager(stream.connection)).consumers.info('BLACKTIDE', durable);
  return info.num_pending + info.num_ack_pending;
};

test('published is stored: a consumer that comes later gets everything, once', async () => {
  const producer = await connect();
  const events = [alert(1), alert(2), alert(3)];
  await producer.streams.publish(events);
  await producer.streams.publish(events);
  const got: unknown[] = [];
  const consumer = await connect();
  await consumer.streams.consume(incidents(async (messages) => void got.push(...messages)));
  await eventually('all are handled', () => got.length >= 3);
  expect(got).toEqual(events);
  await eventually('all are acknowledged', async () => (await pendingOf(consumer, 'incidents_alert-triggered')) === 0);
});

test('what is to come again comes again, whatever the server has just seen', async () => {
  const stream = await connect();
  const got: unknown[] = [];
  await stream.streams.consume(incidents(async (messages) => void got.push(...messages)));
  const event = alert(11);
  await stream.streams.publish([event]);
  await stream.streams.publish([event], { again: true });
  await stream.streams.publish([event], { again: true });
  await eventually('it came three times', () => got.length === 3, 20_000);
  expect(got).toEqual([event, event, event]);
});

test('what a consumer did not finish comes to another one', async () => {
  const dying = await connect();
  let taken = 0;
  await dying.streams.consume(
    incidents(async (messages) => {
      taken += messages.length;
      throw new Error('dying');
    }),
  );
  const event = alert(4);
  await dying.streams.publish([event]);
  await eventually('it was taken', () => taken > 0);
  await dying.streams.close();
  const got: unknown[] = [];
  await (await connect()).streams.consume(incidents(async (messages) => void got.push(...messages)));
  await eventually('it came again', () => got.length > 0);
  expect(got).toEqual([event]);
});

test('one message that fails does not hold up its batch', async () => {
  const stream = await connect();
  const events = [alert(5), alert(6), alert(7)];
  await stream.streams.publish(events);
  const got = new Set<unknown>();
  await stream.streams.consume(
    incidents(async (messages) => {
      if (messages.some((message) => (message as { id: string }).id === events[1]?.id)) throw new Error('no');
      for (const message of messages) got.add((message as { id: string }).id);
    }),
  );
  await eventually('the others are handled', () => got.has(events[0]?.id) && got.has(events[2]?.id));
  expect(await pendingOf(stream, 'incidents_alert-triggered')).toBe(1);
});

test('a message that failed again and again is parked and not brought any more', async () => {
  const stream = await connect();
  const event = alert(10);
  await stream.streams.publish([event]);
  const raw = await jetstream(stream.connection).consumers.get('BLACKTIDE', 'incidents_alert-triggered');
  for (let delivery = 1; delivery <= 8; delivery++) (await raw.next({ expires: 5_000 }))?.nak();
  const got: unknown[] = [];
  await stream.streams.consume(incidents(async (messages) => void got.push(...messages)));
  const parked = await eventually('it is parked', async () =>
    (await core.ctx.sql`SELECT subject, consumer, reason, payload FROM parked_messages`).at(0),
  );
  expect(parked).toEqual({
    subject: 'alert.triggered',
    consumer: 'incidents',
    reason: 'failed 8 times',
    payload: JSON.stringify(event),
  });
  expect(got).toEqual([]);
  await eventually('it is gone', async () => (await pendingOf(stream, 'incidents_alert-triggered')) === 0);
});

test('the database away: the batch is kept and handled when it is back', async () => {
  let away = true;
  const sql = new Proxy(core.ctx.sql, {
    apply: (target, thisArg, args) => {
      if (away) throw new Error('connection refused');
      return Reflect.apply(target, thisArg, args);
    },
  });
  const stream = await eventually('connected', () =>
    connectJetStream(`nats://127.0.0.1:${port}`, { ...core.ctx, sql }),
  );
  open.push(stream);
  const got: unknown[] = [];
  let failures = 0;
  await stream.streams.consume(
    incidents(async (messages) => {
      if (away) {
        failures++;
        throw new Error('connection refused');
      }
      got.push(...messages);
    }),
  );
  await stream.streams.publish([alert(8)]);
  await eventually('it failed', () => failures > 0);
  away = false;
  await eventually('it was handled', () => got.length === 1);
});

test('a database that answers but has no room is waited for, too: the batch is kept, in its order', async () => {
  const stream = await connect();
  const events = [alert(12), alert(13), alert(14)];
  await stream.streams.publish(events);
  const tried: (readonly unknown[])[] = [];
  await stream.streams.consume(
    incidents(async (messages) => {
      tried.push(messages);
      if (tried.length === 1) throw Object.assign(new Error('disk full'), { code: '53100' });
    }),
  );
  await eventually('it was tried again', () => tried.length > 1, 20_000);
  expect(tried[1]).toEqual(tried[0]);
});

test('stopped and started again, the server brings what was stored, and nobody has to be restarted', async () => {
  const stream = await connect();
  const monitor = await core.addMonitor();
  const slot = Math.floor(Date.now() / 5000) * 5000;
  const result = (n: number) => completed(resultAt(monitor, 'eu-west', new Date(slot - n * 5000)));
  const stored = async (...which: ReturnType<typeof result>[]) => {
    const ids = which.map((one) => one.result.id);
    return (await core.ctx.sql`SELECT 1 FROM check_results WHERE id = ANY(${ids})`).count === ids.length;
  };
  await stream.streams.publish([result(1)]);
  // In order: what a nats-server has acknowledged a moment before kill -9 may not be on its disk yet.
  await stopServer();
  await expect(stream.streams.publish([result(9)])).rejects.toMatchObject({ code: 'unavailable' });
  startServer();
  await eventually('it answers', () => stream.streams.readiness().then(() => true));
  await stream.streams.consume(createIngest(core.ctx));
  await eventually('what was stored before arrives', () => stored(result(1)));
  await stopServer();
  startServer();
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
