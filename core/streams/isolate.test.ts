import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestCore, type TestCore } from '#tests/core/test-core.ts';
import { createTestDatabase } from '#tests/database.ts';
import type { StreamConsumer } from '../context.ts';
import { isolating } from './isolate.ts';

let core: TestCore;
beforeAll(async () => {
  core = await startTestCore(await createTestDatabase());
});
afterAll(() => core.close());
beforeEach(() => core.ctx.sql`DELETE FROM parked_messages`);

const alert = (n: number) => ({ v: 1, kind: 'alert.triggered', n });
const parked = async () =>
  (await core.ctx.sql<{ payload: string }[]>`SELECT payload FROM parked_messages ORDER BY id`).map(
    ({ payload }) => JSON.parse(payload).n,
  );
const failure = (code: string) => Object.assign(new Error(`failed with ${code}`), { code });

/** A consumer that commits a whole batch or nothing, and fails for the messages named. */
function consumerFailing(failures: ReadonlyMap<number, Error>, ctx = core.ctx) {
  const committed: number[] = [];
  const consumer: StreamConsumer = {
    name: 'incidents',
    kinds: ['alert.triggered'],
    async handle(messages) {
      const numbers = messages.map((message) => (message as { n: number }).n);
      for (const n of numbers) {
        const error = failures.get(n);
        // drizzle wraps the driver's error like this.
        if (error !== undefined) throw new Error('Failed query', { cause: error });
      }
      committed.push(...numbers);
    },
  };
  return { committed, isolated: isolating(ctx, consumer, { pauseMs: 1 }) };
}
const numbers = Array.from({ length: 11 }, (_, n) => n);
const handle = ({ isolated }: ReturnType<typeof consumerFailing>) => isolated.handle(numbers.map(alert));

test.each(['22P02', '22021', '22003', '23514', '23502', '54000'])(
  'what the database refuses for what is in it (%s) is parked, the others are handled in their order',
  async (code) => {
    const consumer = consumerFailing(new Map([0, 4, 10].map((n) => [n, failure(code)])));
    await handle(consumer);
    expect(consumer.committed).toEqual([1, 2, 3, 5, 6, 7, 8, 9]);
    expect(await parked()).toEqual([0, 4, 10]);
  },
);

test('what our own code cannot take is parked too', async () => {
  const consumer = consumerFailing(new Map([[2, new TypeError('cannot read')]]));
  await handle(consumer);
  expect(await parked()).toEqual([2]);
});

test.each([
  '40001',
  '40P01',
  '25006',
  '28000',
  '42703',
  '42P01',
  '53100',
  '53300',
  '57014',
  '57P01',
  '08006',
  '0A000',
  'XX000',
  'CONNECTION_CLOSED',
  'ECONNREFUSED',
  'ENOSPC',
  'SASL_SIGNATURE_MISMATCH',
])('what gets better by waiting (%s) is handed on: nothing is parked', async (code) => {
  const consumer = consumerFailing(new Map([[4, failure(code)]]));
  await expect(handle(consumer)).rejects.toThrow('Failed query');
  expect(await parked()).toEqual([]);
});

test('what fails once, because something it names was deleted in that moment, is handled the second time', async () => {
  const handled: unknown[] = [];
  let failures = 0;
  const isolated = isolating(core.ctx, {
    name: 'incidents',
    kinds: ['alert.triggered'],
    async handle(messages) {
      if (failures++ === 0) throw failure('23503');
      handled.push(...messages);
    },
  });
  await isolated.handle([alert(1)]);
  expect(handled).toEqual([alert(1)]);
  expect(await parked()).toEqual([]);
});

test.each([new Error('why'), failure('P0001')])(
  'a failure that nobody can judge (%s) is tried alone, then parked',
  async (error) => {
    const consumer = consumerFailing(new Map([3, 4].map((n) => [n, error])));
    await handle(consumer);
    expect(consumer.committed).toEqual([0, 1, 2, 5, 6, 7, 8, 9, 10]);
    expect(await parked()).toEqual([3, 4]);
  },
);

test('a failure that nobody can judge and that goes by is no reason to park', async () => {
  const handled: unknown[] = [];
  let failures = 0;
  const consumer: StreamConsumer = {
    name: 'incidents',
    kinds: ['alert.triggered'],
    async handle(messages) {
      if (failures++ < 3) throw new Error('why');
      handled.push(...messages);
    },
  };
  await isolating(core.ctx, consumer, { pauseMs: 1 }).handle([alert(1)]);
  expect(handled).toEqual([alert(1)]);
  expect(await parked()).toEqual([]);
});

test('while the database does not answer, nothing is parked, whatever the failure looks like', async () => {
  const sql = new Proxy(core.ctx.sql, {
    apply: () => {
      throw new Error('away');
    },
  });
  const consumer = consumerFailing(new Map([[4, failure('22P02')]]), { ...core.ctx, sql });
  await expect(handle(consumer)).rejects.toThrow('Failed query');
  expect(await parked()).toEqual([]);
});
