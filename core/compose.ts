import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { migrate } from '#db/migrate.ts';
import { startAggregator } from './aggregate/aggregator.ts';
import { UptimeCache } from './aggregate/read.ts';
import { startFreshnessWatch } from './alerts/freshness.ts';
import { startApi } from './api/server.ts';
import { type Config, ConfigError, type CoreRole } from './config.ts';
import { configWarnings } from './config-warnings.ts';
import type { Clock, CoreContext } from './context.ts';
import { createEdgeClient } from './edge-client.ts';
import { relayIncidents } from './incidents/announce.ts';
import { createIncidents } from './incidents/consumer.ts';
import { createIngest } from './ingest/consumer.ts';
import { startNotifier } from './notify/notifier.ts';
import { startHealth } from './platform/health-server.ts';
import { type Keys, readKeys } from './platform/keys.ts';
import { createLocalLiveBus, createNatsLiveBus, type LocalLiveBus } from './platform/live-bus.ts';
import { createLogger } from './platform/logger.ts';
import { createMetrics } from './platform/metrics.ts';
import { BACKGROUND, openPostgres } from './platform/postgres.ts';
import { createSecretBox } from './platform/secret-box.ts';
import { createServiceTokens } from './platform/service-tokens.ts';
import { Shutdown } from './platform/shutdown.ts';
import { startPublisher } from './publish/publisher.ts';
import { hasAccounts } from './services/accounts/register.ts';
import { setupToken } from './services/accounts/setup-token.ts';
import { ChecksOnDemand } from './services/monitors/checks-on-demand.ts';
import { createInProcessStreams } from './streams/in-process.ts';
import { isolating } from './streams/isolate.ts';
import { connectJetStream } from './streams/jetstream.ts';

export interface Composed extends CoreContext {
  close(): Promise<void>;
}

export interface ComposeOptions {
  readonly logger?: Logger;
  readonly keys?: Keys;
  readonly clock?: Clock;
  /** Connections to PostgreSQL of this process, at least 3. */
  readonly connections?: number;
}

const systemClock: Clock = { now: () => new Date(), random: (bytes) => randomBytes(bytes) };

/** The connected context of the roles; `close` ends it. Migrations run first. */
export async function createContext(config: Config, options: ComposeOptions = {}): Promise<Composed> {
  const { context, shutdown } = await connect(config, options);
  return { ...context, close: () => shutdown.close() };
}

export interface RunningCore {
  /** For the person at the terminal, while there is no account; null afterwards, and in processes without the API. */
  readonly setupToken: string | null;
  close(): Promise<void>;
}

/** Starts the roles of `config`. The API starts last, after everything that it depends on. */
export async function startCore(config: Config, options: ComposeOptions = {}): Promise<RunningCore> {
  const { context: ctx, databaseUrl, live, shutdown } = await connect(config, options);
  const has = (role: CoreRole) => config.roles.includes(role);
  try {
    if (has('ingest')) await ctx.streams.consume(isolating(ctx, createIngest(ctx)));
    if (has('incidents')) await ctx.streams.consume(isolating(ctx, createIncidents(ctx)));
    if (has('notify')) start(shutdown, 'notify', await startNotifier(ctx));
    if (has('aggregate')) startBackground(ctx, databaseUrl, shutdown);
    if (has('alerts')) start(shutdown, 'alerts', startFreshnessWatch(ctx));
    // The API's process publishes too, so that a change reaches the edge without a separate role.
    if (has('publish') || has('api')) start(shutdown, 'publish', await startPublisher(ctx));
    if (has('api')) {
      start(shutdown, 'incident relay', await relayIncidents(ctx, live.emitHere));
      start(shutdown, 'api', await startApi(ctx));
    } else {
      start(shutdown, 'health', await startHealth(ctx));
    }
  } catch (error) {
    await shutdown.close();
    throw explained(error);
  }
  ctx.logger.info(
    { roles: config.roles, stream: config.natsUrl === undefined ? 'in-process' : 'jetstream' },
    'core is up',
  );
  for (const sentence of configWarnings(config)) ctx.logger.warn(sentence);
  const isNew = has('api') && !(await hasAccounts(ctx.db));
  return { setupToken: isNew ? setupToken(ctx.sessionKey) : null, close: () => shutdown.close() };
}

async function connect(
  config: Config,
  options: ComposeOptions,
): Promise<{ context: CoreContext; databaseUrl: string; live: LocalLiveBus; shutdown: Shutdown }> {
  const { databaseUrl } = config;
  if (databaseUrl === undefined) throw new ConfigError('DATABASE_URL is not set: say which PostgreSQL to use.');
  const keys = options.keys ?? readKeys(config.dataDir);
  const clock = options.clock ?? systemClock;
  const logger = options.logger ?? createLogger(config.logLevel);
  const shutdown = new Shutdown(logger);
  try {
    await migrate(databaseUrl, clock.now());
    const name = `blacktide-${config.roles.join('-')}`.slice(0, 63);
    const postgres = openPostgres(databaseUrl, name, options);
    shutdown.add('postgres', postgres.close);
    const metrics = createMetrics();
    const tokens = await createServiceTokens(postgres.sql, clock, keys);
    const edge = createEdgeClient(config.edgeUrl, tokens, clock);
    const jetstream =
      config.natsUrl === undefined
        ? undefined
        : await connectJetStream(config.natsUrl, { ...postgres, logger, metrics, keys });
    const streams = jetstream?.streams ?? createInProcessStreams();
    shutdown.add('stream', () => streams.close());
    const live = jetstream === undefined ? createLocalLiveBus() : createNatsLiveBus(jetstream.connection);
    const secrets = createSecretBox(keys.secrets);
    const sessionKey = keys.session;
    const { sql, db } = postgres;
    const uptimes = new UptimeCache({ db, clock, logger });
    const checksOnDemand = new ChecksOnDemand();
    const parts = { logger, clock, streams, live, edge, secrets, tokens, sessionKey, metrics, uptimes, checksOnDemand };
    return { context: { config, sql, db, ...parts }, databaseUrl, live, shutdown };
  } catch (error) {
    await shutdown.close();
    throw explained(error);
  }
}

/** Rollups and retention have connections of their own, whose statements may take longer. */
function startBackground(ctx: CoreContext, databaseUrl: string, shutdown: Shutdown): void {
  const { sql, db, close } = openPostgres(databaseUrl, 'blacktide-background', BACKGROUND);
  shutdown.add('background postgres', close);
  start(shutdown, 'aggregate', startAggregator({ ...ctx, sql, db }));
}

function start(shutdown: Shutdown, name: string, part: { close(): Promise<void> }): void {
  shutdown.add(name, () => part.close());
}

/** A fault of the environment during the start, as one sentence for the person at the terminal. */
function explained(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, port } = error as Error & { code?: string; port?: number };
  if (code === 'EADDRINUSE') return new ConfigError(`Port ${port} is taken by another program; choose another one.`);
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'CONNECT_TIMEOUT') {
    return new ConfigError(`PostgreSQL cannot be reached (${code}); is DATABASE_URL right and the server running?`);
  }
  if (code === '28P01' || code === '28000' || code === '3D000') {
    return new ConfigError(`PostgreSQL refuses DATABASE_URL: ${error.message}.`);
  }
  return error;
}
