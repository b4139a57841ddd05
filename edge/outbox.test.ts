import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { missedEvent } from '#domain/watch/events.ts';
import { newRound } from '#domain/watch/round.ts';
import type { EdgeEvent } from '#domain/wire/wire.ts';
import { newMonitor, newShardName, shardOf } from '#tests/edge/shard.ts';
import type { MonitorShard } from './monitor-shard.ts';
import { Outbox } from './outbox.ts';
import { type OutboxRow, ShardStorage } from './shard-storage.ts';

/** Runs a test on the storage of a real object. */
async function story(tell: (parts: { storage: ShardStorage; state: DurableObjectState }) => Promise<void>) {
  await runInDurableObject<MonitorShard, void>(shardOf(newShardName()), (_, state) =>
    tell({ storage: new ShardStorage(state.storage), state }),
  );
}

const monitor = newMonitor();

function result(slot: number): EdgeEvent {
  const round = newRound(monitor, slot * 1000, false, slot * 1000);
  return missedEvent(monitor.id, round, ['us-east'], { reason: 'missed_slot', detail: 'for the test' });
}

function transition(number: number): EdgeEvent {
  const at = new Date(0).toISOString();
  return { v: 1, kind: 'location.state', id: `evt_${number}`, location: 'us-east', shard: 'shd_x', dark: true, at };
}

describe('the outbox', () => {
  it('gives up the oldest results when it is full, never a transition, and counts them', () =>
    story(async ({ storage }) => {
      storage.addEvents([transition(1), ...Array.from({ length: 5001 }, (_, slot) => result(slot)), transition(2)]);
      const outbox = new Outbox(storage, async () => ({ accepted: true }), { bytesMax: 100_000 });
      outbox.enforceBounds();
      expect(storage.resultsDropped).toBe(5000);
      expect(storage.oldestEvents(10).map((row) => row.kind)).toEqual([
        'location.state',
        'check.missed',
        'location.state',
      ]);
      expect(storage.oldestEvents(10)[1]?.body).toContain('"scheduledAt":"1970-01-01T01:23:20.000Z"');
      expect(storage.outboxBytes).toBe(storage.oldestEvents(10).reduce((sum, row) => sum + row.body.length, 0));
      outbox.enforceBounds();
      expect(storage.resultsDropped).toBe(5000);
    }));

  it('sends at most five hundred at a time, in order, one batch after the other', () =>
    story(async ({ storage }) => {
      storage.addEvents(Array.from({ length: 1200 }, (_, slot) => result(slot)));
      const batches: (readonly OutboxRow[])[] = [];
      let atOnce = 0;
      const outbox = new Outbox(storage, async (rows) => {
        atOnce += 1;
        expect(atOnce).toBe(1);
        batches.push(rows);
        await scheduler.wait(5);
        atOnce -= 1;
        return { accepted: true };
      });
      await Promise.all([outbox.wake('now'), outbox.wake('now'), outbox.wake('soon')]);
      expect(batches.map((batch) => batch.length)).toEqual([500, 500, 200]);
      const sequence = batches.flat().map((row) => row.seq);
      expect(sequence).toEqual(sequence.toSorted((left, right) => left - right));
      expect(storage.hasWaiting()).toBe(false);
    }));

  it('lets results wait for company, and sends at once when a transition comes', () =>
    story(async ({ storage }) => {
      const batches: number[] = [];
      const sent = Promise.withResolvers<void>();
      const send = async (rows: readonly OutboxRow[]) => {
        batches.push(rows.length);
        sent.resolve();
        return { accepted: true } as const;
      };
      // The linger is longer than this test may take, so only the transition can end it.
      const outbox = new Outbox(storage, send, { lingerMs: 60_000 });
      storage.addEvents([result(1)]);
      const first = outbox.wake('soon');
      storage.addEvents([transition(1)]);
      void outbox.wake('now');
      await sent.promise;
      // Nothing waits any more; this ends the linger.
      await Promise.all([first, outbox.wake('now')]);
      expect(batches).toEqual([2]);
    }));

  it('takes in what comes while a delivery is on its way', () =>
    story(async ({ storage }) => {
      const sizes: number[] = [];
      const outbox = new Outbox(storage, async (rows) => {
        sizes.push(rows.length);
        if (sizes.length === 1) storage.addEvents([result(2), result(3)]);
        return { accepted: true };
      });
      storage.addEvents([result(1)]);
      await outbox.wake('now');
      expect(sizes).toEqual([1, 2]);
    }));

  it('is not cleared by a failure, whatever kind it is', () =>
    story(async ({ storage }) => {
      storage.addEvents([result(1), transition(1)]);
      const answers = [
        async () => Promise.reject(new Error('the line broke')),
        async () => ({ accepted: false, kind: 'permanent', detail: 'malformed' }) as const,
        async () => ({ accepted: true }) as const,
      ];
      const seen: number[] = [];
      const outbox = new Outbox(storage, async (rows) => {
        seen.push(rows.length);
        return (answers.shift() ?? (async () => ({ accepted: true }) as const))();
      });
      await outbox.wake('now');
      expect(seen).toEqual([2, 2, 2]);
      expect(storage.hasWaiting()).toBe(false);
    }));
});
