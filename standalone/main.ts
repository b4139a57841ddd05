import { parseArgs } from 'node:util';
import { type Config, ConfigError, readConfig } from '#core/config.ts';
import { printBanner } from './banner.ts';
import { ensureBuilt, type Output } from './build.ts';
import { checkDatabase } from './check-database.ts';
import { checkNats } from './check-nats.ts';
import { prepareDataDir } from './data-dir.ts';
import { startDemo } from './demo/demo.ts';
import { Ending, EndRequested } from './ending.ts';
import { ensureKeys } from './keys.ts';
import { acquireLock } from './lock.ts';
import { endOrphanedWorkerd } from './orphaned-workerd.ts';
import { requireFreePort } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { SetupError } from './setup-error.ts';

/** New files can be read by their owner only. */
const UMASK = 0o077;
const USAGE = `npm start                 edge and core together
npm run edge              the edge alone, over the same data directory
npm run core              the core alone
npm start -- --demo       with a small target server to play with
Settings are environment variables: see README.md.`;

interface Part {
  readonly edge: boolean;
  readonly core: boolean;
  /** Port of the demo's target server; null without --demo. */
  readonly demoPort: number | null;
}

await main();

async function main(): Promise<void> {
  const ending = new Ending();
  try {
    await start(readArguments(), readConfig(process.env, { oneMachine: true }), ending);
  } catch (error) {
    if (error instanceof EndRequested) return ending.now(error.code);
    console.error(sentenceFor(error));
    await ending.now(1);
  }
}

/**
 * Starts the parts in the order of their dependencies; they end in reverse. Edge and core are imported only where they
 * run, because each alone needs half the memory.
 */
async function start(part: Part, config: Config, ending: Ending): Promise<void> {
  prepareDataDir(config.dataDir);
  for (const kind of lockKinds(part, config)) ending.add(acquireLock(config.dataDir, kind));
  if (part.edge) await endOrphanedWorkerd(config.dataDir);
  await checkPorts(part, config);
  const keys = await ensureKeys(config.dataDir);
  const [database] = await together([
    part.core ? openDatabase(config, ending) : undefined,
    ensureBuilt(outputsFor(part, config), (sentence) => console.log(sentence)),
    part.core && config.natsUrl !== undefined ? checkNats(config.natsUrl) : undefined,
  ]);
  ending.checkpoint();
  // All files created from here on are in the data directory, workerd's state among them.
  process.umask(UMASK);
  let setupToken: string | null = null;
  if (part.core) {
    const { startCore } = await import('#core/compose.ts');
    const core = await startCore({ ...config, ...database });
    ending.add(() => core.close());
    setupToken = core.setupToken;
  }
  ending.checkpoint();
  if (part.edge) {
    const { startEdge } = await import('./edge.ts');
    const edge = await startEdge(config, keys, (line) => console.log(line));
    ending.add(() => edge.close());
  }
  ending.checkpoint();
  if (part.demoPort !== null) ending.add(await startDemo(config, part.demoPort));
  printBanner(part, config, setupToken);
  ending.started();
}

/** Waits for all of them even if one fails, because only then it is known what must be undone. */
async function together<T extends readonly unknown[]>(work: [...T]): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
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
  if (values.demo && only !== undefined) {
    throw new SetupError('--demo needs edge and core together: npm start -- --demo.');
  }
  const demoPort = /^\d{1,5}$/.test(values['demo-port']) ? Number(values['demo-port']) : 0;
  if (demoPort < 1 || demoPort > 65_535) {
    throw new SetupError(`--demo-port must be a number from 1 to 65535, got "${values['demo-port']}".`);
  }
  return { edge: only !== 'core', core: only !== 'edge', demoPort: values.demo ? demoPort : null };
}

function outputsFor(part: Part, config: Config): Output[] {
  const outputs: Output[] = [];
  if (part.core && config.roles.includes('api')) outputs.push('dashboard');
  if (part.edge) outputs.push('workers');
  return outputs;
}

/**
 * The kinds of locks: one edge per data directory; one core per data directory without NATS; with NATS one core per
 * role set and port.
 */
function lockKinds(part: Part, config: Config): string[] {
  const kinds: string[] = [];
  if (part.edge) kinds.push('edge');
  if (!part.core) return kinds;
  return [...kinds, config.natsUrl === undefined ? 'core' : `core-${config.roles.join('-')}-${corePort(config)}`];
}

function corePort(config: Config): number {
  return config.roles.includes('api') ? config.apiPort : (config.healthPort ?? config.apiPort);
}

async function checkPorts(part: Part, config: Config): Promise<void> {
  if (part.core && config.roles.includes('api')) await requireFreePort(config.apiPort, 'BLACKTIDE_API_PORT');
  if (part.edge) await requireFreePort(config.edgePort, 'BLACKTIDE_EDGE_PORT');
  if (part.demoPort !== null) await requireFreePort(part.demoPort, '--demo-port');
}

/** The database of DATABASE_URL, or the embedded one with the folder of its files. */
async function openDatabase(config: Config, ending: Ending): Promise<Pick<Config, 'databaseUrl' | 'storageDir'>> {
  const { databaseUrl } = config;
  if (databaseUrl !== undefined) {
    await checkDatabase(databaseUrl);
    return { databaseUrl };
  }
  const server = await startPostgres({ dataDir: config.dataDir, announce: (sentence) => console.error(sentence) });
  ending.add(() => server.close());
  return { databaseUrl: server.url, storageDir: server.dir };
}

/** One sentence for a person. The stack is shown for internal errors only, at log level debug. */
function sentenceFor(error: unknown): string {
  if (error instanceof SetupError || error instanceof ConfigError) return error.message;
  if (process.env.BLACKTIDE_LOG_LEVEL === 'debug' && error instanceof Error) return error.stack ?? error.message;
  const message = error instanceof Error && error.message !== '' ? error.message : String(error);
  return `BlackTide could not start: ${message.split('\n')[0]} (BLACKTIDE_LOG_LEVEL=debug tells more).`;
}
