import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { processTree } from '../harness/process-tree.ts';
import { type Installation, launch, newInstallation, type Product, start } from '../harness/product.ts';

/** The product promises to end within 10 s of Ctrl-C. `npm run bench -- start` measures how long a start takes. */
const END_MS = 10_000;

describe('starting and ending', () => {
  let installation: Installation;
  const products: Product[] = [];

  beforeEach(async () => {
    installation = await newInstallation();
  });
  afterEach(async () => {
    await Promise.all(products.splice(0).map((product) => product.killTree()));
    installation.remove();
  });

  it.each([
    ['a setting that is no port', { BLACKTIDE_API_PORT: 'many' }, /BLACKTIDE_API_PORT/],
    ['a level that does not exist', { BLACKTIDE_LOG_LEVEL: 'loud' }, /BLACKTIDE_LOG_LEVEL/],
    ['a role alone without NATS', { BLACKTIDE_ROLES: 'api' }, /NATS_URL/],
    ['a database that does not answer', { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }, /DATABASE_URL/],
    ['a NATS server that does not answer', { NATS_URL: 'nats://127.0.0.1:1' }, /NATS_URL/],
  ])('refuses %s in one sentence', async (_what, env, sentence) => {
    await expectRefusal(launch(installation, { env }), sentence);
  });

  it.each(['apiPort', 'edgePort'] as const)('refuses a taken %s in one sentence', async (port) => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(installation[port], resolve));
    await expectRefusal(launch(installation), new RegExp(`Port ${installation[port]} is taken`));
    await new Promise((resolve) => other.close(resolve));
  });

  it('refuses a data directory that is a file', async () => {
    rmSync(installation.dataDir, { recursive: true });
    writeFileSync(installation.dataDir, 'not a folder');
    await expectRefusal(launch(installation), /data directory/i);
  });

  it('refuses a data directory whose keys are damaged', async () => {
    const first = await start(installation, { args: ['edge'] });
    await first.stop();
    writeFileSync(join(installation.dataDir, 'keys', 'core.public.jwk'), '{');
    await expectRefusal(launch(installation), /data directory is broken/i);
  });

  it('ends in order on Ctrl-C in a terminal, starts again, and refuses a second start on its data directory', async () => {
    const first = await start(installation, { throughNpm: true });
    const all = processTree(first.pid);
    expect(first.output()).toMatch(/There is no account yet.*\n.*set-up token is asked for: [\w-]{32}\n/);
    expect(readableByOthers(installation.dataDir)).toEqual([]);
    expect(listeningAddresses(all)).toEqual(new Set(['127.0.0.1']));
    // A terminal sends Ctrl-C to the whole process group, and npm passes it on, so it arrives twice.
    process.kill(-first.pid, 'SIGINT');
    await expectEnd(first, all);

    const second = await start(installation);
    products.push(second);
    expect(second.output()).not.toContain('Building');
    await expectRefusal(launch(installation), /runs already/);
    expect((await second.stop('SIGTERM')).code).toBe(0);
  });

  it('ends in order when told to while it is still starting', async () => {
    const product = launch(installation);
    const database = join(installation.dataDir, 'postgres', 'pgdata', 'postmaster.pid');
    await eventually('the database starts', () => existsSync(database), END_MS);
    const all = processTree(product.pid);
    expect((await product.stop('SIGINT')).code).toBe(0);
    await expectEnd(product, all);
    expect(product.output()).not.toContain('BlackTide is up');
  });

  it('ends in order when only npm is told to', async () => {
    const product = await start(installation, { throughNpm: true });
    const all = processTree(product.pid);
    process.kill(product.pid, 'SIGTERM');
    await expectEnd(product, all);
  });
});

/** The processes have ended in time, and nothing was printed to stderr. */
async function expectEnd(product: Product, processes: readonly number[]): Promise<void> {
  await eventually('the end', () => !processes.some(isRunning), END_MS);
  expect(product.errors()).toBe('');
}

/** The program has ended with code 1 and one line on stderr, without a stack. */
async function expectRefusal(product: Product, sentence: RegExp): Promise<void> {
  expect(await product.exited()).toBe(1);
  expect(product.errors()).toMatch(sentence);
  expect(product.errors().trim().split('\n')).toHaveLength(1);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Files and folders whose mode lets other users read them. */
function readableByOthers(dir: string): string[] {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => (statSync(join(dir, name), { throwIfNoEntry: false })?.mode ?? 0) & 0o044);
}

/** The addresses on which the processes listen, from Linux's table of TCP sockets. */
function listeningAddresses(pids: readonly number[]): Set<string> {
  const inodes = new Set(pids.flatMap(socketsOf));
  const rows = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8').trim().split('\n').slice(1),
  );
  const listening = rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === '0A' && inodes.has(inode ?? ''));
  return new Set(listening.map(([, local = '']) => addressOf(local.split(':')[0] ?? '')));
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

/** An IPv4 address from little-endian hexadecimal: `0100007F` is 127.0.0.1. IPv6 addresses stay hexadecimal. */
function addressOf(hex: string): string {
  if (hex.length !== 8) return hex;
  return [...hex.matchAll(/../g)]
    .map(([byte]) => Number.parseInt(byte, 16))
    .reverse()
    .join('.');
}
