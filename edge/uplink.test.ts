import { runInDurableObject } from 'cloudflare:test';
import { connect, type NatsConnection } from 'nats.ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSignature } from '#domain/wire/stream-message.ts';
import { batchesOf, bindings, newShardName, setReception, world } from '#tests/edge/shard.ts';
import { hashOf, keyOf } from './service-token.ts';
import type { OutboxEvent } from './shard-storage.ts';
import { type Delivery, Uplink } from './uplink.ts';

/** A new uplink over NATS for one test. */
async function deliver(name: string, url: string, events: readonly OutboxEvent[]): Promise<Delivery> {
  return runInDurableObject<Uplink, Delivery>(bindings.UPLINK.getByName(name), (_, state) =>
    new Uplink(state, { ...bindings, UPLINK_NATS_WS_URL: url }).deliver('shd_nats', events),
  );
}

function eventOf(number: number): OutboxEvent {
  return { id: `chk_${number}`, kind: 'check.completed', body: JSON.stringify({ number }) };
}

describe('the uplink over NATS', () => {
  let nats: NatsConnection;

  beforeAll(async () => {
    nats = await connect({ servers: world.natsWsUrl });
  });

  afterAll(() => nats.close());

  it('accepts when every event is in the stream, signed, in order, and once when it is sent again', async () => {
    const manager = await nats.jetstreamManager();
    await manager.streams.add({ name: 'BLACKTIDE', subjects: ['blacktide.>'] });
    const events = Array.from({ length: 200 }, (_, number) => eventOf(number));
    const newer = { ...eventOf(200), kind: 'newer.kind' } as unknown as OutboxEvent;
    expect(await deliver('nats-1', world.natsWsUrl, [...events, newer])).toEqual({ accepted: true });
    expect(await deliver('nats-2', world.natsWsUrl, [...events, newer])).toEqual({ accepted: true });
    const { state } = await manager.streams.info('BLACKTIDE');
    expect(state.messages).toBe(2);
    const stored = await manager.streams.getMessage('BLACKTIDE', { seq: 1 });
    expect(stored.subject).toBe('blacktide.check.completed');
    expect(stored.json()).toEqual({ v: 1, shard: 'shd_nats', events: events.map((event) => JSON.parse(event.body)) });
    const id = stored.header.get('Nats-Msg-Id');
    const message = { subject: stored.subject, id, bodyHash: await hashOf(stored.data) };
    const { d: _, ...publicJwk } = JSON.parse(bindings.EDGE_PRIVATE_JWK);
    const key = await keyOf(JSON.stringify(publicJwk));
    const keys = { 'blacktide-core': key, 'blacktide-edge': key };
    expect(await readSignature(stored.header.get('Blacktide-Signature'), keys, message)).toEqual({ shard: 'shd_nats' });
    await manager.streams.delete('BLACKTIDE');
  });

  it('does not accept when no stream takes the events, or nobody is there', async () => {
    expect(await deliver('nats-3', world.natsWsUrl, [eventOf(1)])).toMatchObject({
      accepted: false,
      kind: 'retryable',
    });
    const nowhere = world.refusedUrl.replace('http:', 'ws:');
    expect(await deliver('nats-4', nowhere, [eventOf(1)])).toMatchObject({ accepted: false, kind: 'retryable' });
  });
});

describe('the uplink over HTTPS', () => {
  const many = Array.from({ length: 200 }, (_, number) => ({
    ...eventOf(number),
    body: JSON.stringify({ number, filler: 'x'.repeat(100) }),
  }));
  const one = many.slice(0, 1);

  /** Delivers batches one after another by one uplink. */
  async function deliverAll(shard: string, batches: readonly (readonly OutboxEvent[])[]): Promise<Delivery[]> {
    return runInDurableObject<Uplink, Delivery[]>(bindings.UPLINK.getByName(shard), async (_, state) => {
      const uplink = new Uplink(state, bindings);
      const deliveries: Delivery[] = [];
      for (const batch of batches) deliveries.push(await uplink.deliver(shard, batch));
      return deliveries;
    });
  }

  it('compresses large batches as soon as the core has said that it takes gzip', async () => {
    const shard = newShardName();
    expect(await deliverAll(shard, [many, many, one])).toEqual(Array(3).fill({ accepted: true }));
    const batches = await batchesOf(shard);
    expect(batches.map(({ coding, events }) => [coding, events.length])).toEqual([
      [undefined, 200],
      ['gzip', 200],
      [undefined, 1],
    ]);
    expect(batches[1]?.events).toEqual(batches[0]?.events);
  });

  it('sends plain to a core that does not take gzip, also when it replaces one that does', async () => {
    const shard = newShardName();
    const deliveries = await runInDurableObject<Uplink, Delivery[]>(
      bindings.UPLINK.getByName(shard),
      async (_, state) => {
        const uplink = new Uplink(state, bindings);
        const first = await uplink.deliver(shard, one);
        await setReception(shard, 'older');
        return [first, await uplink.deliver(shard, many), await uplink.deliver(shard, many)];
      },
    );
    expect(deliveries).toEqual([
      { accepted: true },
      expect.objectContaining({ accepted: false, kind: 'retryable' }),
      { accepted: true },
    ]);
  });
});
