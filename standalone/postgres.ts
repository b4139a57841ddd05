import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import connect from 'postgres';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';
import { type PostgresHome, preparePostgresHome } from './postgres-home.ts';
import { identify, isAlive, ownIdentity, type ProcessIdentity, signal, waitUntilGone } from './process-identity.ts';
import { SetupError } from './setup-error.ts';

export interface RunningPostgres {
  readonly url: string;
  /** Stops the server, unless another BlackTide process still uses it. */
  close(): Promise<void>;
}

export interface PostgresOptions {
  readonly dataDir: string;
  /** false for temporary test databases, which may lose data in a power failure. */
  readonly durable?: boolean;
  /** Called with one sentence about an unusual event. */
  readonly announce?: (sentence: string) => void;
  /** Called when the server has exited by itself. */
  readonly onExit?: () => void;
}

/** A crashed server first replays its log: minutes of writes take seconds. */
const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 25;
/** The children of a killed server detach from its shared memory within moments; a new server is refused until then. */
const SHARED_MEMORY_RETRY_MS = 10_000;
/** A killed server may look alive until the system has removed it. */
const DYING_RETRY_MS = 10_000;
/** The exit of a process that is not a child is not signalled, so it is polled. */
const WATCH_PERIOD_MS = 1000;
/** A fast shutdown writes a checkpoint; all of BlackTide must end within 10 s. */
const STOP_TIMEOUT_MS = 6000;
const DATABASE = 'blacktide';
const ROLE = 'blacktide';

/**
 * PostgreSQL on loopback with a password and its files under `dataDir`. A server left running by a killed BlackTide is
 * reused; a killed server recovers. Throws SetupError with one sentence for people.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const home = preparePostgresHome(options.dataDir, options.announce ?? (() => {}));
  const binaries = findPostgresBinaries(home.user, home.binariesCopy);
  initialize(home, binaries, options.durable ?? true);
  const forgetUser = registerUser(home);
  const server = await openServer(home, binaries, options);
  return {
    url: databaseUrl(home, server.port, DATABASE),
    close: async () => {
      server.expectExit();
      forgetUser();
      if (!hasUsers(home)) await stop(server.identity);
    },
  };
}

interface Server {
  readonly identity: ProcessIdentity;
  readonly port: number;
  /** Marks the coming exit as intended. */
  expectExit(): void;
}

/* ---- the cluster's files ---- */

/** initdb into a temporary folder, renamed when complete: a kill in between leaves no incomplete cluster. */
function initialize(home: PostgresHome, binaries: PostgresBinaries, durable: boolean): void {
  if (existsSync(join(home.pgdata, 'PG_VERSION'))) {
    checkVersion(home);
    return;
  }
  if (existsSync(home.pgdata) && readdirSync(home.pgdata).length > 0) {
    throw new SetupError(`The data directory is broken: ${home.pgdata} has files but no PG_VERSION.`);
  }
  const fresh = `${home.pgdata}.new`;
  rmSync(fresh, { recursive: true, force: true });
  rmSync(home.pgdata, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  if (home.user !== undefined) chownSync(fresh, home.user.uid, home.user.gid);
  const made = spawnSync(
    binaries.initdb,
    [
      `--pgdata=${fresh}`,
      `--username=${ROLE}`,
      `--pwfile=${home.passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // The platform's locales differ between machines; the built-in one does not.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      ...(durable ? [] : ['--no-sync']),
    ],
    { ...home.user, cwd: home.dir, encoding: 'utf8', env: serverEnvironment() },
  );
  if (made.status !== 0) {
    throw new SetupError(
      `The database could not be created in ${home.pgdata}: ${lastLine(made.stderr || made.error?.message || '')}.`,
    );
  }
  renameSync(fresh, home.pgdata);
}

function checkVersion(home: PostgresHome): void {
  const version = readFileSync(join(home.pgdata, 'PG_VERSION'), 'utf8').trim();
  if (version !== '18') {
    throw new SetupError(`The data directory is broken: ${home.pgdata} holds PostgreSQL "${version}", not 18.`);
  }
}

/* ---- the server ---- */

/** The running server, or else a new one, with the database created. */
async function openServer(home: PostgresHome, binaries: PostgresBinaries, options: PostgresOptions): Promise<Server> {
  const deadline = Date.now() + DYING_RETRY_MS;
  for (;;) {
    const running = await findRunning(home, options);
    const server = running ?? (await launch(home, binaries, options));
    try {
      await createDatabase(home, server.port);
      return server;
    } catch (error) {
      server.expectExit();
      if (running === null || !isConnectionLost(error) || Date.now() > deadline) {
        throw new SetupError(`The embedded database refuses its own user: ${(error as Error).message}.`);
      }
      await sleep(READY_POLL_MS);
    }
  }
}

/** The server of this cluster that is ready or starting; a stale postmaster.pid is removed. */
async function findRunning(home: PostgresHome, options: PostgresOptions): Promise<Server | null> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    const file = readPidFile(home);
    if (file === null) return null;
    const identity = identify(file.pid);
    if (identity === null || !isPostgres(file.pid)) {
      rmSync(join(home.pgdata, 'postmaster.pid'), { force: true });
      return null;
    }
    if (file.status === 'ready') return { identity, port: file.port, expectExit: watchExit(identity, options) };
    if (Date.now() > deadline) throw new SetupError(`PostgreSQL (pid ${file.pid}) is not ready: see ${home.log}.`);
    if (file.status === 'stopping') await waitUntilGone(identity, STOP_TIMEOUT_MS);
    await sleep(READY_POLL_MS);
  }
}

/** Watches a server that another process started. Returns a function that ends the watch. */
function watchExit(identity: ProcessIdentity, { onExit }: PostgresOptions): () => void {
  const timer = setInterval(() => {
    if (isAlive(identity)) return;
    clearInterval(timer);
    onExit?.();
  }, WATCH_PERIOD_MS).unref();
  return () => clearInterval(timer);
}

async function launch(home: PostgresHome, binaries: PostgresBinaries, options: PostgresOptions): Promise<Server> {
  const deadline = Date.now() + SHARED_MEMORY_RETRY_MS;
  for (;;) {
    const port = await freePort();
    const child = spawnServer(home, binaries, port, options.durable ?? true);
    const identity = await untilReady(home, child);
    if (identity !== null) {
      let expected = false;
      child.on('exit', () => {
        if (!expected) options.onExit?.();
      });
      return {
        identity,
        port,
        expectExit: () => {
          expected = true;
        },
      };
    }
    const log = readFileSync(home.log, 'utf8');
    const passing = /shared memory block|could not bind|Address already in use|lock file "postmaster.pid"/.test(log);
    if (!passing || Date.now() > deadline) {
      throw new SetupError(`PostgreSQL does not start on ${home.pgdata}: ${lastLine(log)} (all of it in ${home.log}).`);
    }
    await sleep(READY_POLL_MS);
  }
}

function spawnServer(home: PostgresHome, binaries: PostgresBinaries, port: number, durable: boolean): ChildProcess {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    // Seven roles' pools, tests, and a person with psql.
    max_connections: 120,
    shared_buffers: '128MB',
    // Fewer, larger checkpoints, because results are a steady stream of inserts.
    max_wal_size: '2GB',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  const log = openSync(home.log, 'w', 0o600);
  const child = spawn(
    binaries.postgres,
    ['-D', home.pgdata, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    // A session of its own: Ctrl-C in the terminal reaches BlackTide only, which stops the server last.
    { ...home.user, cwd: home.dir, detached: true, stdio: ['ignore', log, log], env: serverEnvironment() },
  );
  closeSync(log);
  child.unref();
  return child;
}

/** null when the server exited instead; its log has the reason. */
async function untilReady(home: PostgresHome, child: ChildProcess): Promise<ProcessIdentity | null> {
  let failure: Error | null = null;
  child.once('error', (error) => {
    failure = error;
  });
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline) {
    await sleep(READY_POLL_MS);
    if (failure !== null) throw new SetupError(`PostgreSQL cannot be run: ${(failure as Error).message}.`);
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return null;
    const file = readPidFile(home);
    if (file?.pid === child.pid && file.status === 'ready') return identify(child.pid);
  }
  throw new SetupError(`PostgreSQL is not ready after ${READY_TIMEOUT_MS / 1000} s: see ${home.log}.`);
}

async function stop(identity: ProcessIdentity): Promise<void> {
  // SIGINT is PostgreSQL's "fast" shutdown: sessions are ended and a checkpoint is written.
  if (isAlive(identity)) signal(identity.pid, 'SIGINT');
  if (await waitUntilGone(identity, STOP_TIMEOUT_MS)) return;
  // SIGQUIT is the "immediate" shutdown: no committed data is lost, and the next start replays the log.
  signal(identity.pid, 'SIGQUIT');
  await waitUntilGone(identity, STOP_TIMEOUT_MS);
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

/* ---- who uses the server: several core processes may share one data directory ---- */

function registerUser(home: PostgresHome): () => void {
  const dir = join(home.dir, 'users');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, `${process.pid}-${randomUUID()}.json`);
  writeFileSync(file, JSON.stringify(ownIdentity()), { mode: 0o600 });
  return () => rmSync(file, { force: true });
}

function hasUsers(home: PostgresHome): boolean {
  const dir = join(home.dir, 'users');
  return readdirSync(dir).some((name) => {
    const alive = isAlive(JSON.parse(readFileSync(join(dir, name), 'utf8')) as ProcessIdentity);
    if (!alive) rmSync(join(dir, name), { force: true });
    return alive;
  });
}

/* ---- small parts ---- */

/** postmaster.pid, line by line: pid, data directory, start time, port, socket directory, address, shared memory, status. */
function readPidFile(home: PostgresHome): { pid: number; port: number; status: string } | null {
  let text: string;
  try {
    text = readFileSync(join(home.pgdata, 'postmaster.pid'), 'utf8');
  } catch {
    return null;
  }
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 1) return null;
  return { pid, port: Number(lines[3]), status: (lines[7] ?? '').trim() };
}

/** The pid in a stale file may belong to another program. */
function isPostgres(pid: number): boolean {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]?.includes('postgres') === true;
    } catch {
      return false;
    }
  }
  return spawnSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' }).stdout.includes('postgres');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

function databaseUrl(home: PostgresHome, port: number, database: string): string {
  const password = readFileSync(home.passwordFile, 'utf8').trim();
  return `postgres://${ROLE}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

/** The environment of the server, without the caller's PG* variables and locale. */
function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

function lastLine(text: string): string {
  const lines = text
    .trim()
    .split('\n')
    .filter((line) => line.trim() !== '');
  const telling = lines.findLast((line) => /FATAL|PANIC|error:/.test(line)) ?? lines.at(-1) ?? 'it gave no reason';
  return telling.replace(/^.*?(?:FATAL|PANIC|error):\s*/, '').replace(/\.$/, '');
}
