import pino from 'pino';
import type { CoreContext } from '#core/context.ts';
import { createMetrics } from '#core/platform/metrics.ts';
import { openPostgres } from '#core/platform/postgres.ts';
import { connectJetStream, type JetStream } from '#core/streams/jetstream.ts';
import { createTestDatabase } from '../database.ts';
import { type NatsServer, startNatsServer } from '../harness/nats-server.ts';
import { startTcpProxy, type TcpProxy } from '../harness/tcp-proxy.ts';
import { startTestCore, type TestCore } from './test-core.ts';

/** A core, a nats-server, and a proxy by which the consumers' connections to the database can be cut. */
export interface StreamScene {
  readonly core: TestCore;
  readonly nats: NatsServer;
  /** The proxy between the consumers and the database. */
  readonly way: TcpProxy;
  /** Empties the tables of handled and parked messages; answers a context for the next consumers, with new metrics. */
  fresh(): Promise<CoreContext>;
  connect(ctx: CoreContext, options?: { ackWaitMs: number }): Promise<JetStream>;
  /** Ids that consumers wrote into the table `handled`, in the order of writing. */
  handled(): Promise<string[]>;
  parked(): Promise<{ subject: string; consumer: string; reason: string; payload: string }[]>;
  close(): Promise<void>;
}

export async function startStreamScene(): Promise<StreamScene> {
  const database = await createTestDatabase();
  const core = await startTestCore(database);
  const { sql } = core.ctx;
  await sql`CREATE TABLE handled (n int GENERATED ALWAYS AS IDENTITY, id text NOT NULL)`;
  const way = await startTcpProxy(database.url);
  const postgres = openPostgres(way.url, 'test');
  const nats = await startNatsServer();
  return {
    core,
    nats,
    way,
    async fresh() {
      await sql`TRUNCATE handled, parked_messages`;
      return { ...core.ctx, sql: postgres.sql, db: postgres.db, metrics: createMetrics() };
    },
    connect: (ctx, options) =>
      connectJetStream(nats.url, { ...ctx, keys: core.keys, logger: pino({ level: 'silent' }) }, options),
    async handled() {
      const rows = await sql<{ id: string }[]>`SELECT id FROM handled ORDER BY n`;
      return rows.map(({ id }) => id);
    },
    async parked() {
      return [
        ...(await sql<{ subject: string; consumer: string; reason: string; payload: string }[]>`
          SELECT subject, consumer, reason, payload FROM parked_messages ORDER BY id`),
      ];
    },
    async close() {
      await postgres.close();
      await way.close();
      await nats.close();
      await core.close();
    },
  };
}

/** An event of the kind that the consumer `incidents` handles. */
export const alert = (n: number) => ({ v: 1, kind: 'alert.triggered', id: `evt_${n}` });
export const idsOf = (messages: readonly unknown[]) => messages.map((message) => (message as { id: string }).id);
