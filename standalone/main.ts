import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Config, ConfigError, readConfig } from '#core/config.ts';
import { printBanner } from './banner.ts';
import { ensureBuilt, type Output } from './build.ts';
import { checkDatabase } from './check-database.ts';
import { checkNats } from './check-nats.ts';
import { prepareDataDir } from './data-dir.ts';
import { startDemo } from './demo/demo.ts';
import { ensureKeys } from './keys.ts';
import { acquireLock } from './lock.ts';
import { requireFreePort } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { SetupError } from './setup-error.ts';

const USAGE = `npm start                 edge and core together
npm run edge              the edge alone, over the same data directory
npm run core              the core alone
npm start -- --demo       with a small target server to play with
Settings are environment variables: see README.md.`;

/** Everything must have ended by then: what supervises us kills after 10 s. */
const SHUTDOWN_TIMEOUT_MS = 9500;

interface Part {
  readonly edge: boolean;
  readonly core: boolean;
  /** Port of the demo's target server; null without --demo. */
  readonly demoPort: number | null;
}

/** Undone in reverse order. */
type Undo = () => void | Promise<void>;

await main();

async function main(): Promise<void> {
  const undo: Undo[] = [];
  const end = endOnSignal(undo);
  try {
    const part = readArguments();
    const config = readConfig(process.env, { oneMachine: true });
    await start(part, config, undo, end);
  } catch (error) {
    console.error(sentenceFor(error));
    await end(1);
  }
}

/**
 * The order of things: what another part needs comes first, and ends last. Edge and core are loaded only where they
 * run: each alone needs half the memory.
 */
async function start(part: Part, config: Config, undo: Undo[], end: (code: number) => Promise<void>): Promise<void> {
  prepareDataDir(config.dataDir);
  undo.push(...lock(part, config));
  await checkPorts(part, config);
  const keys = await ensureKeys(config.dataDir);
  const [databaseUrl] = await Promise.all([
    part.core ? openDatabase(config, undo, end) : undefined,
    ensureBuilt(outputsFor(part, config), (sentence) => console.log(sentence)),
    part.core && config.natsUrl !== undefined ? checkNats(config.natsUrl) : undefined,
  ]);
  if (part.core) {
    const { startCore } = await import('#core/compose.ts');
    const core = await startCore({ ...config, databaseUrl });
    undo.push(() => core.close());
  }
  if (part.edge) {
    const { startEdge } = await import('./edge.ts');
    const edge = await startEdge(config, keys, (line) => console.log(line));
    undo.push(() => edge.close());
  }
  if (part.demoPort !== null) undo.push(await startDemo(config, part.demoPort));
  await printBanner(part, config, databaseUrl);
}

function readArguments(): Part {
  const { values, positionals } = parseArgs({
    options: {
      demo: { type: 'boolean', default: false },
      'demo-port': { type: 'string', default: '8100' },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const [only, ...rest] = positionals;
  if (rest.length > 0 || (only !== undefined && only !== 'edge' && only !== 'core')) {
    throw new SetupError(`"${positionals.join(' ')}" is not known here: say "edge", "core" or nothing.`);
  }
  if (values.demo && only !== undefined)
    throw new SetupError('--demo needs edge and core together: npm start -- --demo.');
  return { edge: only !== 'core', core: only !== 'edge', demoPort: values.demo ? Number(values['demo-port']) : null };
}

function outputsFor(part: Part, config: Config): Output[] {
  const outputs: Output[] = [];
  if (part.core && config.roles.includes('api')) outputs.push('dashboard');
  if (part.edge) outputs.push('workers');
  return outputs;
}

/** One edge and, without a broker between them, one core per data directory; with NATS one core per role set and port. */
function lock(part: Part, config: Config): Undo[] {
  const kinds: string[] = [];
  if (part.edge) kinds.push('edge');
  if (part.core)
    kinds.push(config.natsUrl === undefined ? 'core' : `core-${config.roles.join('-')}-${corePort(config)}`);
  const undo: Undo[] = [];
  try {
    for (const kind of kinds) undo.push(acquireLock(config.dataDir, kind));
    return undo;
  } catch (error) {
    for (const release of undo) void release();
    throw error;
  }
}

function corePort(config: Config): number {
  return config.roles.includes('api') ? config.apiPort : (config.healthPort ?? config.apiPort);
}

async function checkPorts(part: Part, config: Config): Promise<void> {
  if (part.core && config.roles.includes('api')) await requireFreePort(config.apiPort, 'BLACKTIDE_API_PORT');
  if (part.edge) await requireFreePort(config.edgePort, 'BLACKTIDE_EDGE_PORT');
  if (part.demoPort !== null) await requireFreePort(part.demoPort, '--demo-port');
}

async function openDatabase(config: Config, undo: Undo[], end: (code: number) => Promise<void>): Promise<string> {
  if (config.databaseUrl !== undefined) {
    await checkDatabase(config.databaseUrl);
    return config.databaseUrl;
  }
  const server = await startPostgres({
    dataDir: config.dataDir,
    announce: (sentence) => console.log(sentence),
    onExit: () => {
      console.error(
        `The embedded PostgreSQL ended by itself: see postgres.log in ${resolve(config.dataDir, 'postgres')}.`,
      );
      void end(1);
    },
  });
  undo.push(() => server.close());
  return server.url;
}

/**
 * Ctrl-C reaches us twice (from the terminal and from npm), so only the first signal counts. The deadline makes sure
 * of an end: what was acknowledged is on disk by then.
 */
function endOnSignal(undo: Undo[]): (code: number) => Promise<void> {
  let ending: Promise<void> | null = null;
  const end = (code: number): Promise<void> => {
    ending ??= (async () => {
      setTimeout(() => {
        console.error('BlackTide did not end in time and was cut off; nothing that was acknowledged is lost.');
        process.exit(1);
      }, SHUTDOWN_TIMEOUT_MS).unref();
      while (undo.length > 0) await runUndo(undo.pop());
      process.exit(code);
    })();
    return ending;
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (ending === null) console.log('BlackTide is ending …');
      void end(0);
    });
  }
  return end;
}

async function runUndo(step: Undo | undefined): Promise<void> {
  try {
    await step?.();
  } catch (error) {
    console.error(`While ending: ${(error as Error).message}`);
  }
}

/** One sentence for a person; a stack only for what is our own fault, and only when asked for. */
function sentenceFor(error: unknown): string {
  if (error instanceof SetupError || error instanceof ConfigError) return error.message;
  if (process.env.BLACKTIDE_LOG_LEVEL === 'debug' && error instanceof Error) return error.stack ?? error.message;
  const message = error instanceof Error && error.message !== '' ? error.message : String(error);
  return `BlackTide could not start: ${message.split('\n')[0]} (BLACKTIDE_LOG_LEVEL=debug tells more).`;
}
