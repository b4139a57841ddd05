import { readFileSync, renameSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import connect from 'postgres';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { initializeCluster, ROLE } from './postgres-cluster.ts';
import { type PostgresHome, preparePostgresHome } from './postgres-home.ts';
import { lastPort, openServer, type Server, stopServer } from './postgres-server.ts';
import { hasUsers, registerUser } from './postgres-users.ts';
import { SetupError } from './setup-error.ts';

export interface RunningPostgres {
  readonly url: string;
  /** The folder of its files. */
  readonly dir: string;
  /** Stops the server, unless another BlackTide process still uses it. */
  close(): Promise<void>;
}

export interface PostgresOptions {
  readonly dataDir: string;
  /** false for temporary test databases, which may lose data in a power failure. */
  readonly durable?: boolean;
  /** Called with one sentence about an unusual event. */
  readonly announce?: (sentence: string) => void;
}

/** A killed server may accept a connection and lose it at once. */
const DYING_RETRY_MS = 10_000;
const DYING_POLL_MS = 25;
/** Interval of attempts to start a server again that has ended. The core answers 503 meanwhile. */
const REVIVE_PERIOD_MS = 1_000;
const DATABASE = 'blacktide';

/**
 * PostgreSQL on loopback with a password and its files under `dataDir`. A server left running by a killed BlackTide is
 * reused; a killed server recovers. One that ends by itself is started again, on the same port, until `close`. Throws
 * SetupError with one sentence for people.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const announce = options.announce ?? (() => {});
  const home = preparePostgresHome(options.dataDir, announce);
  const binaries = findPostgresBinaries(home.user, home.binariesCopy);
  const durable = options.durable ?? true;
  initializeCluster(home, binaries, durable);
  // Whoever uses the server has its port in a URL, and starts it there again.
  const port = hasUsers(home) ? lastPort(home) : null;
  const forgetUser = registerUser(home);
  let closing = false;

  const open = (onPort: number | null): Promise<Server> =>
    openServer(home, binaries, {
      durable,
      port: onPort,
      onExit: () => {
        if (!closing) reviving = revive();
      },
    });

  async function revive(): Promise<void> {
    announce(`PostgreSQL ended by itself and is started again: ${keepLog(home)} has what it said.`);
    let failure: string | null = null;
    while (!closing) {
      try {
        server = await open(server.port);
        announce('PostgreSQL runs again.');
        return;
      } catch (error) {
        // The same sentence each second would hide the others.
        const { message } = error as Error;
        if (message !== failure) announce(message);
        failure = message;
      }
      await sleep(REVIVE_PERIOD_MS);
    }
  }

  let reviving: Promise<void> = Promise.resolve();
  let server = await usable(home, () => open(port));
  return {
    url: databaseUrl(home, server.port, DATABASE),
    dir: home.dir,
    close: async () => {
      closing = true;
      await reviving;
      server.expectExit();
      forgetUser();
      if (!hasUsers(home)) await stopServer(home);
    },
  };
}

/** A server with the database in it. */
async function usable(home: PostgresHome, open: () => Promise<Server>): Promise<Server> {
  const deadline = Date.now() + DYING_RETRY_MS;
  for (;;) {
    const server = await open();
    try {
      await createDatabase(home, server.port);
      return server;
    } catch (error) {
      server.expectExit();
      if (!isConnectionLost(error) || Date.now() > deadline) {
        throw new SetupError(`The embedded database refuses its own user: ${(error as Error).message}.`);
      }
      await sleep(DYING_POLL_MS);
    }
  }
}

/** A new server begins a new log, so the last words of the old one are kept apart. */
function keepLog(home: PostgresHome): string {
  const kept = `${home.log}.before`;
  try {
    renameSync(home.log, kept);
  } catch {
    // Another process that uses the server has kept it.
  }
  return kept;
}

async function createDatabase(home: PostgresHome, port: number): Promise<void> {
  const sql = connect(databaseUrl(home, port, 'postgres'), { max: 1, onnotice: () => {} });
  try {
    const [found] = await sql`SELECT 1 FROM pg_database WHERE datname = ${DATABASE}`;
    if (found === undefined) await sql`CREATE DATABASE ${sql(DATABASE)}`;
  } catch (error) {
    // A concurrently started process created the database.
    if (!['42P04', '23505'].includes((error as { code?: string }).code ?? '')) throw error;
  } finally {
    await sql.end();
  }
}

/** True when the connection was lost: errors of the socket, of postgres.js, and PostgreSQL's class 57P. */
function isConnectionLost(error: unknown): boolean {
  const { code = '' } = error as { code?: string };
  return /^(ECONN|EPIPE|CONNECTION_|57P)/.test(code);
}

function databaseUrl(home: PostgresHome, port: number, database: string): string {
  const password = readFileSync(home.passwordFile, 'utf8').trim();
  return `postgres://${ROLE}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}
