import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { expect, test } from 'vitest';
import { eventually } from '#tests/harness/eventually.ts';
import { readKeys } from './keys.ts';
import { startLoop } from './loop.ts';
import { createMetrics } from './metrics.ts';
import { Shutdown } from './shutdown.ts';

const logger = pino({ level: 'silent' });

test('metrics are Prometheus text: labels escaped, buckets cumulative, label sets bounded', () => {
  const metrics = createMetrics();
  metrics.increment('checks_total', { reason: 'a "quoted"\nword' }, 2);
  metrics.gauge('depth', 3);
  metrics.observe('batch_seconds', 0.02);
  const text = metrics.render();
  expect(text).toContain('blacktide_checks_total{reason="a \\"quoted\\"\\nword"} 2\n');
  expect(text).toContain('# TYPE blacktide_depth gauge\nblacktide_depth 3\n');
  expect(text).toContain('blacktide_batch_seconds_bucket{le="0.01"} 0\nblacktide_batch_seconds_bucket{le="0.025"} 1\n');
  expect(text).toContain('blacktide_batch_seconds_bucket{le="+Inf"} 1\n');
  for (let n = 0; n < 2_000; n++) metrics.increment('wild_total', { id: String(n) });
  expect(metrics.render().match(/wild_total\{/g)).toHaveLength(500);
});

test('a loop goes on after an error, runs at once when woken, and ends after its turn', async () => {
  let turns = 0;
  const loop = startLoop({
    name: 'test',
    pollMs: 60_000,
    logger,
    work: async () => {
      turns++;
      if (turns === 1) throw new Error('once');
      return turns === 2 ? 'more' : 'idle';
    },
  });
  await eventually('the first turn fails', () => turns === 1);
  loop.wake();
  await eventually('two more turns follow', () => turns === 3);
  await loop.close();
  loop.wake();
  expect(turns).toBe(3);
});

test('what was started is ended in the opposite order, once, whatever fails on the way', async () => {
  const ended: string[] = [];
  const shutdown = new Shutdown(logger);
  shutdown.add('first', async () => void ended.push('first'));
  shutdown.add('broken', () => Promise.reject(new Error('no')));
  shutdown.add('last', async () => void ended.push('last'));
  await Promise.all([shutdown.close(), shutdown.close()]);
  expect(ended).toEqual(['last', 'first']);
});

test('missing keys are one sentence that names the file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'blacktide-keys-'));
  expect(() => readKeys(folder)).toThrow(join(folder, 'keys', 'core.private.jwk'));
  rmSync(folder, { recursive: true });
});
