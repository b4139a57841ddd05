import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { precompress } from './precompress.ts';
import { SetupError } from './setup-error.ts';

/** The repository's root; build output is in its `dist/`. */
const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');

/** Folders under dist/. */
export type Output = 'dashboard' | 'workers';

interface Target {
  readonly name: string;
  readonly output: Output;
  /** Globs of every file the output depends on. */
  readonly inputs: readonly string[];
  build(outDir: string): Promise<void>;
}

const WORKER_ENTRIES = {
  coordinator: 'edge/worker.ts',
  probe: 'edge/probe-worker.ts',
  'status-pages': 'status-pages/worker.tsx',
};

const TARGETS: readonly Target[] = [
  {
    name: 'the dashboard',
    output: 'dashboard',
    inputs: [
      'dashboard/**/*',
      'domain/**/*.ts',
      'package-lock.json',
      'standalone/build.ts',
      'standalone/precompress.ts',
    ],
    build: buildDashboard,
  },
  {
    name: 'the edge',
    output: 'workers',
    inputs: [
      'edge/**/*.ts',
      'probes/**/*.ts',
      'status-pages/**/*',
      'domain/**/*.ts',
      'package-lock.json',
      'standalone/build.ts',
    ],
    build: buildWorkers,
  },
];

/**
 * Builds outputs that are missing or were built from other sources. `announce` is called once, and only before a build.
 * The build runs in a process of its own, because the bundlers would keep 400 MB for as long as BlackTide runs.
 */
export async function ensureBuilt(outputs: readonly Output[], announce: (sentence: string) => void): Promise<void> {
  const stale = staleTargets(outputs);
  if (stale.length === 0) return;
  announce(`Building ${stale.map((target) => target.name).join(' and ')} first (only when the sources have changed) …`);
  const builder = spawn(process.execPath, [import.meta.filename, ...stale.map((target) => target.output)], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const [complaint, [code]] = await Promise.all([text(builder.stderr), once(builder, 'exit')]);
  if (code !== 0) throw new SetupError(complaint.trim() || 'The build was interrupted.');
}

function staleTargets(outputs: readonly string[]): Target[] {
  return TARGETS.filter((target) => outputs.includes(target.output)).filter(
    (target) => fingerprintOf(target) !== builtFingerprint(target),
  );
}

/** Path of a Worker bundle. */
export function workerBundle(name: keyof typeof WORKER_ENTRIES): string {
  return join(DIST, 'workers', `${name}.js`);
}

/** Builds into a folder beside and renames it: a killed or concurrent build never leaves an incomplete folder. */
async function buildTarget(target: Target): Promise<void> {
  const fingerprint = fingerprintOf(target);
  const fresh = join(DIST, `.${target.output}-${process.pid}`);
  const old = `${fresh}-old`;
  const final = join(DIST, target.output);
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  try {
    await target.build(fresh);
    writeFileSync(join(fresh, '.inputs'), fingerprint);
    if (existsSync(final)) renameSync(final, old);
    renameSync(fresh, final);
  } catch (error) {
    throw new SetupError(`Building ${target.name} failed: ${(error as Error).message.split('\n')[0]}`);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

async function buildDashboard(outDir: string): Promise<void> {
  const { build } = await import('vite');
  await build({
    root: join(ROOT, 'dashboard'),
    configFile: join(ROOT, 'dashboard', 'vite.config.ts'),
    logLevel: 'error',
    build: { outDir, emptyOutDir: true },
  });
  await precompress(outDir);
}

async function buildWorkers(outDir: string): Promise<void> {
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: ROOT,
    entryPoints: WORKER_ENTRIES,
    outdir: outDir,
    bundle: true,
    format: 'esm',
    target: 'es2024',
    // wrangler's setting for the same sources.
    platform: 'neutral',
    conditions: ['workerd', 'worker', 'browser'],
    mainFields: ['browser', 'module', 'main'],
    // nats.ws imports `crypto` where no global one exists; workerd has a global one.
    external: ['cloudflare:*', 'node:*', 'crypto'],
    define: { 'process.env.NODE_ENV': '"production"' },
    jsx: 'automatic',
    jsxImportSource: 'hono/jsx',
    sourcemap: 'linked',
    keepNames: true,
    logLevel: 'error',
  });
}

/** A hash of contents, not of times: a fresh clone or a copied folder is no change. */
function fingerprintOf(target: Target): string {
  const hash = createHash('sha256');
  const files = globSync([...target.inputs], { cwd: ROOT, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files)
    hash
      .update(`${file.slice(ROOT.length)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return hash.digest('hex');
}

function builtFingerprint(target: Target): string | null {
  const file = join(DIST, target.output, '.inputs');
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/** `node standalone/build.ts [output …]`: builds the named outputs, or all. */
async function main(): Promise<void> {
  const named = process.argv.slice(2);
  try {
    for (const target of staleTargets(named.length > 0 ? named : ['dashboard', 'workers'])) await buildTarget(target);
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}

if (process.argv[1] === import.meta.filename) await main();
