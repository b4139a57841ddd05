import pino from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestCore, type TestCore } from '#tests/core/test-core.ts';
import { createTestDatabase } from '#tests/database.ts';
import { createMetrics } from '../platform/metrics.ts';
import { Refusals } from './refusals.ts';

let core: TestCore;
beforeAll(async () => {
  core = await startTestCore(await createTestDatabase());
});
afterAll(() => core.close());
beforeEach(() => core.ctx.sql`TRUNCATE parked_messages`);

const refused = (n: number, size = 0) => ({
  subject: 'check.completed',
  reason: 'not signed',
  body: `${n}${'x'.repeat(size)}`,
});
const rows = async () => (await core.ctx.sql<{ payload: string }[]>`SELECT payload FROM parked_messages`).length;

test('a flood does not fill the database: the first are kept, the others counted, one line a minute tells', async () => {
  const lines: string[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(line) });
  const metrics = createMetrics();
  const refusals = new Refusals({ db: core.ctx.db, logger, metrics }, 20_000);
  for (let batch = 0; batch < 20; batch++) {
    await refusals.park(
      'ingest',
      Array.from({ length: 50 }, (_, n) => refused(batch * 50 + n, 100)),
    );
  }
  expect(await rows()).toBeGreaterThan(40);
  expect(await rows()).toBeLessThan(60);
  expect(metrics.render()).toContain('blacktide_refused_messages_total{consumer="ingest",reason="not signed"} 1000\n');
  expect(metrics.render()).toContain(`blacktide_parked_messages_total{consumer="ingest"} ${await rows()}\n`);
  expect(lines).toHaveLength(1);
});

test('one that is larger than what is left is not kept, whatever comes with it', async () => {
  const refusals = new Refusals(core.ctx, 10_000);
  await refusals.park('ingest', [refused(1), refused(2, 20_000)]);
  expect(await rows()).toBe(1);
});

test('the same garbage is kept once', async () => {
  const refusals = new Refusals(core.ctx);
  await refusals.park('ingest', [refused(1), refused(1)]);
  await refusals.park('ingest', [refused(1)]);
  expect(await rows()).toBe(1);
});
