import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { lastLine, serverEnvironment } from './postgres-cluster.ts';
import type { PostgresHome } from './postgres-home.ts';
import { identify, isAlive, type ProcessIdentity, signal, waitUntilGone } from './process-identity.ts';
import { SetupError } from './setup-error.ts';

/** A crashed server first replays its log: minutes of writes take seconds. */
const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 25;
/**
 * The children of a killed server detach from its shared memory within moments, and it may look alive until the system
 * has removed it. A new server is refused until then.
 */
const PASSING_RETRY_MS = 10_000;
/** The exit of a process that is not a child is not signalled, so it is polled. */
const WATCH_PERIOD_MS = 1000;
/** A fast shutdown writes a checkpoint; all of BlackTide must end within 10 s. */
const STOP_TIMEOUT_MS = 6000;
/** Reasons in the log of a server that did not start, which are over in a moment. */
const PASSING = /shared memory block|could not bind|Address already in use|lock file "postmaster.pid"/;

export interface Server {
  readonly port: number;
  /** Marks the coming exit as intended. */
  expectExit(): void;
}

export interface ServerOptions {
  /** false for temporary test databases, which may lose data in a power failure. */
  readonly durable: boolean;
  /** The port of a new server; null: a free one. */
  readonly port: number | null;
  /** Called when the server has exited by itself. */
  readonly onExit: () => void;
}

/** The running server of the cluster, also one that another process started, or else a new one. */
export async function openServer(
  home: PostgresHome,
  binaries: PostgresBinaries,
  options: ServerOptions,
): Promise<Server> {
  const deadline = Date.now() + PASSING_RETRY_MS;
  for (;;) {
    const server = (await findRunning(home, options)) ?? (await launch(home, binaries, options));
    if (server !== null) return server;
    const log = readFileSync(home.log, 'utf8');
    if (!PASSING.test(log) || Date.now() > deadline) {
      throw new SetupError(`PostgreSQL does not start on ${home.pgdata}: ${lastLine(log)} (all of it in ${home.log}).`);
    }
    await sleep(READY_POLL_MS);
  }
}

/** The port of the newest server that was started here; null when there was none. */
export function lastPort(home: PostgresHome): number | null {
  try {
    return Number(readFileSync(portFile(home), 'utf8')) || null;
  } catch {
    return null;
  }
}

function portFile(home: PostgresHome): string {
  return join(home.dir, 'port');
}

/** The server of this cluster that is ready or starting; a stale postmaster.pid is removed. */
async function findRunning(home: PostgresHome, options: ServerOptions): Promise<Server | null> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    const file = readPidFile(home);
    if (file === null) return null;
    const identity = identify(file.pid);
    if (identity === null || !isPostgres(file.pid)) {
      rmSync(join(home.pgdata, 'postmaster.pid'), { force: true });
      return null;
    }
    if (file.status === 'ready') return { port: file.port, expectExit: watchExit(identity, options) };
    if (Date.now() > deadline) throw new SetupError(`PostgreSQL (pid ${file.pid}) is not ready: see ${home.log}.`);
    if (file.status === 'stopping') await waitUntilGone(identity, STOP_TIMEOUT_MS);
    await sleep(READY_POLL_MS);
  }
}

/** Watches a server that another process started. Returns a function that ends the watch. */
function watchExit(identity: ProcessIdentity, { onExit }: ServerOptions): () => void {
  const timer = setInterval(() => {
    if (isAlive(identity)) return;
    clearInterval(timer);
    onExit();
  }, WATCH_PERIOD_MS).unref();
  return () => clearInterval(timer);
}

/** A new server; null when it did not start: its log has the reason. */
async function launch(home: PostgresHome, binaries: PostgresBinaries, options: ServerOptions): Promise<Server | null> {
  const port = options.port ?? (await freePort());
  const child = spawnServer(home, binaries, port, options.durable);
  const identity = await untilReady(home, child);
  if (identity === null) return null;
  writeFileSync(portFile(home), String(port), { mode: 0o600 });
  let expected = false;
  child.on('exit', () => {
    if (!expected) options.onExit();
  });
  return {
    port,
    expectExit: () => {
      expected = true;
    },
  };
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

/** Ends the server of the cluster in order, whichever process has started it. */
export async function stopServer(home: PostgresHome): Promise<void> {
  const pid = readPidFile(home)?.pid;
  const identity = pid !== undefined && isPostgres(pid) ? identify(pid) : null;
  if (identity === null) return;
  // SIGINT is PostgreSQL's "fast" shutdown: sessions are ended and a checkpoint is written.
  signal(identity.pid, 'SIGINT');
  if (await waitUntilGone(identity, STOP_TIMEOUT_MS)) return;
  // SIGQUIT is the "immediate" shutdown: no committed data is lost, and the next start replays the log.
  signal(identity.pid, 'SIGQUIT');
  await waitUntilGone(identity, STOP_TIMEOUT_MS);
}

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
