import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { processTree } from './process-tree.ts';

const ROOT = join(import.meta.dirname, '..', '..');
export const ARTIFACTS = join(ROOT, 'tests', '.artifacts');
/** Ends a start that hangs, before vitest's limit for a hook. A start on two idle cores takes one to three seconds. */
const START_TIMEOUT_MS = 110_000;
/** Ends a shutdown that hangs. The product promises 10 s, which tests/system/starting.test.ts measures. */
const STOP_TIMEOUT_MS = 30_000;

/** A data directory and two ports, which all processes of one installation share. */
export interface Installation {
  readonly dataDir: string;
  readonly apiPort: number;
  readonly edgePort: number;
  readonly apiOrigin: string;
  readonly edgeOrigin: string;
  /** Deletes the data directory. */
  remove(): void;
}

/** An installation with an empty data directory and free ports. */
export async function newInstallation(): Promise<Installation> {
  const dataDir = mkdtempSync(join(tmpdir(), 'blacktide-system-'));
  const apiPort = await freePort();
  const edgePort = await freePort();
  return {
    dataDir,
    apiPort,
    edgePort,
    apiOrigin: `http://127.0.0.1:${apiPort}`,
    edgeOrigin: `http://127.0.0.1:${edgePort}`,
    remove: () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  };
}

export interface Product {
  readonly pid: number;
  /** Everything printed so far, on both streams. */
  output(): string;
  errors(): string;
  /** Waits for "BlackTide is up". */
  ready(): Promise<void>;
  ended(): boolean;
  /** Waits until the process ends by itself. */
  exited(): Promise<number | null>;
  /** Sends the signal and waits for the end; answers the exit code and the duration. */
  stop(signal?: NodeJS.Signals): Promise<{ code: number | null; tookMs: number }>;
  /** Kills the process and its descendants with SIGKILL. */
  killTree(): Promise<void>;
}

export interface LaunchOptions {
  /** Arguments of standalone/main.ts: "edge", "core", "--demo". */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Starts through npm, as a user does: npm and the shell pass signals on in their own way. */
  readonly throughNpm?: boolean;
}

/** Starts the product, or a part of it, as a user does: as a program with its settings in the environment. */
export function launch(installation: Installation, options: LaunchOptions = {}): Product {
  const args = options.args ?? [];
  const [command, ...rest] = options.throughNpm
    ? ['npm', 'start', '--silent', '--', ...args]
    : [process.execPath, 'standalone/main.ts', ...args];
  const child = spawn(command ?? 'npm', rest, {
    cwd: ROOT,
    // A process group of its own, as a terminal makes one.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...cleanEnvironment(), ...settings(installation), ...options.env },
  });
  return watch(child);
}

/** `launch` and wait until it is up. */
export async function start(installation: Installation, options: LaunchOptions = {}): Promise<Product> {
  const product = launch(installation, options);
  try {
    await product.ready();
  } catch (error) {
    // The caller has no handle to a product that failed to start.
    await product.killTree();
    throw error;
  }
  return product;
}

function settings(installation: Installation): Record<string, string> {
  return {
    BLACKTIDE_DATA_DIR: installation.dataDir,
    BLACKTIDE_API_PORT: String(installation.apiPort),
    BLACKTIDE_EDGE_PORT: String(installation.edgePort),
    BLACKTIDE_LOG_LEVEL: process.env.BLACKTIDE_LOG_LEVEL ?? 'warn',
  };
}

/** This process's environment without BlackTide's and vitest's variables. */
function cleanEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) =>
      value !== undefined && !/^(BLACKTIDE_|VITEST|NODE_ENV$|NODE_OPTIONS$|DATABASE_URL$|NATS_URL$|TEST_)/.test(name),
  );
  return Object.fromEntries(kept) as Record<string, string>;
}

function watch(child: ChildProcess): Product {
  const pid = child.pid ?? 0;
  let output = '';
  let errors = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk;
    errors += chunk;
  });
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  const exit = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  void exit.then(() => keepLog(pid, output));
  return {
    pid,
    output: () => output,
    errors: () => errors,
    ready: async () => {
      await eventually(
        'BlackTide is up',
        () => output.includes('BlackTide is up') || (ended() ? 'ended' : undefined),
        START_TIMEOUT_MS,
      ).catch((error: Error) => {
        throw new Error(`${error.message}\n${output}`);
      });
      if (ended()) throw new Error(`BlackTide ended instead of starting:\n${output}`);
    },
    ended,
    exited: () => exit,
    stop: async (signal = 'SIGTERM') => {
      const all = processTree(pid);
      const from = Date.now();
      if (!ended()) process.kill(pid, signal);
      const hang = setTimeout(() => killAll(all), STOP_TIMEOUT_MS);
      const code = await exit;
      clearTimeout(hang);
      return { code, tookMs: Date.now() - from };
    },
    killTree: async () => {
      // The pid of an ended process may belong to another process.
      if (!ended()) killAll(processTree(pid));
      await exit;
    },
  };
}

/** Writes the product's output to a file, for the diagnosis of a red test. */
function keepLog(pid: number, output: string): void {
  mkdirSync(ARTIFACTS, { recursive: true });
  writeFileSync(join(ARTIFACTS, `blacktide-${pid}.log`), output);
}

function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // The process ended together with its parent.
    }
  }
}
