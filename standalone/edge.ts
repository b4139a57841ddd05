import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';
import type { Config } from '#core/config.ts';
import { LOCATION_IDS, type LocationId } from '#domain/check/location.ts';
import { workerBundle } from './build.ts';
import { prepareDataDir } from './data-dir.ts';
import { type EdgeWorkers, openEdgePort, type WorkerAddress } from './edge-port.ts';
import { freePort } from './free-port.ts';
import type { EdgeKeys } from './keys.ts';
import { publicNetwork, wholeNetwork } from './network-bindings.ts';
import { openFilesSentence, readOpenFiles } from './open-files.ts';
import { PID_FILE_VARIABLE, workerdPidFile } from './orphaned-workerd.ts';
import { sealEdgeState } from './seal-edge-state.ts';
import { SetupError } from './setup-error.ts';
import { workerdLine } from './workerd-log.ts';

export interface RunningEdge {
  close(): Promise<void>;
}

/** The cron of wrangler.toml. Local workerd never triggers it by itself. */
const CRON = '* * * * *';
const CRON_PERIOD_MS = 60_000;
/** Interval of attempts to restart workerd. No checks are made meanwhile. */
const REVIVE_PERIOD_MS = 500;
const LOOPBACK = '127.0.0.1';
/** A port is taken in one start of some thousands; several in a row have another cause. */
const START_ATTEMPTS = 5;
/** What workerd says of a port that somebody else listens on or uses. */
const PORT_TAKEN = /Address already in use/i;
const PUBLIC_INTERNET = 'public-internet';
/** Compatibility date of the Worker below that only forwards requests. */
const GLUE_COMPATIBILITY_DATE = '2026-01-01';
/**
 * V8 in workerd sees a small heap and delays its collection, although each collected request would free native memory:
 * 1.2 GB after two minutes of 240 checks/s. With a small young generation and full collections memory stays at 460 MB,
 * for 5 % of a core.
 */
const V8_FLAGS = '--gc-global --max-semi-space-size=16';

/**
 * The edge on one machine: workerd with the coordinator, one probe Worker per location and the status pages. It listens
 * on `config.edgePort` and stores its state under `<dataDir>/edge`.
 */
export async function startEdge(
  config: Config,
  keys: EdgeKeys,
  writeLog: (line: string) => void,
): Promise<RunningEdge> {
  const dir = resolve(config.dataDir, 'edge');
  prepareDataDir(dir);
  await sealEdgeState(dir, keys.edgePrivateJwk);
  const pidFile = workerdPidFile(config.dataDir);
  process.env.MINIFLARE_WORKERD_V8_FLAGS ??= V8_FLAGS;
  const files = readOpenFiles();
  const few = openFilesSentence(files);
  if (few !== null) writeLog(few);
  const optionsFor = (workers: EdgeWorkers) =>
    edgeOptions(config, keys, workers, files.checksMax, dir, pidFile, writeLog);
  const { runtime, options, workers } = await startRuntime(optionsFor);
  const port = await openEdgePort({ host: config.host, port: config.edgePort }, workers).catch(async (error) => {
    await runtime.dispose();
    throw error;
  });
  const stopCron = fireCron(runtime, writeLog);
  const stopReviving = reviveWorkerd(runtime, options, writeLog);
  return {
    close: async () => {
      stopCron();
      stopReviving();
      await port.close();
      await runtime.dispose();
      rmSync(pidFile, { force: true });
    },
  };
}

/**
 * Starts workerd with ports of its own for the two Workers that requests come to. A port that was free can be taken before
 * workerd listens on it, for instance by a connection of another process: then others are tried.
 */
async function startRuntime(optionsFor: (workers: EdgeWorkers) => ReturnType<typeof edgeOptions>) {
  for (let attempt = 1; ; attempt++) {
    const workers = {
      coordinator: { host: LOOPBACK, port: await freePort() },
      statusPages: { host: LOOPBACK, port: await freePort() },
    };
    const options = optionsFor(workers);
    const runtime = withOwnSignals(() => new Miniflare(options));
    try {
      await runtime.ready;
      return { runtime, options, workers };
    } catch (error) {
      await runtime.dispose();
      const { message } = error as Error;
      if (attempt < START_ATTEMPTS && PORT_TAKEN.test(message)) continue;
      throw new SetupError(`The edge does not start: ${message.split('\n').find(Boolean) ?? 'no reason given'}`);
    }
  }
}

function edgeOptions(
  config: Config,
  keys: EdgeKeys,
  workers: EdgeWorkers,
  checksMax: number | null,
  dir: string,
  pidFile: string,
  writeLog: (line: string) => void,
) {
  process.env.MINIFLARE_WORKERD_PATH = join(import.meta.dirname, 'workerd.sh');
  const compatibility = readCompatibility();
  return convertV4MiniflareOptions({
    // miniflare's own entry also serves development tools, so it listens on loopback, on a random port.
    host: LOOPBACK,
    port: 0,
    // Otherwise miniflare downloads a file for `request.cf`.
    cf: false,
    telemetry: { enabled: false },
    log: new Log(LogLevel.NONE),
    resourcePersistencePath: dir,
    unsafeRuntimeEnv: { BLACKTIDE_WORKERD: workerdBinary(), [PID_FILE_VARIABLE]: pidFile },
    handleStructuredLogs: (said) => {
      const line = workerdLine(said, config.logLevel);
      if (line !== null) writeLog(line);
    },
    workers: [
      publicInternet(),
      { ...coordinator(config, keys, workers.coordinator, checksMax), ...compatibility },
      ...LOCATION_IDS.map((location) => ({ ...probe(location, config), ...compatibility })),
      { ...statusPages(workers.statusPages), ...compatibility },
    ],
  });
}

function coordinator(config: Config, keys: EdgeKeys, address: WorkerAddress, checksMax: number | null) {
  return {
    name: 'coordinator',
    modules: true,
    scriptPath: workerBundle('coordinator'),
    // Four times faster than miniflare's entry.
    unsafeDirectSockets: [address],
    bindings: {
      CORE_URL: `http://127.0.0.1:${config.apiPort}`,
      CORE_PUBLIC_JWK: keys.corePublicJwk,
      EDGE_PRIVATE_JWK: keys.edgePrivateJwk,
      CANARY_URLS: config.canaryUrls.join(','),
      ...(checksMax === null ? {} : { CHECKS_MAX: String(checksMax) }),
    },
    durableObjects: {
      MONITOR_SHARD: { className: 'MonitorShard', useSQLite: true },
      UPLINK: { className: 'Uplink', useSQLite: true },
      STATUS_PAGES: { className: 'StatusPage', useSQLite: true },
      PAGE_DIRECTORY: { className: 'PageDirectory', useSQLite: true },
    },
    serviceBindings: {
      EGRESS: wholeNetwork(),
      ...Object.fromEntries(LOCATION_IDS.map((location) => [probeBinding(location), `probe-${location}`])),
    },
  };
}

function probe(location: LocationId, config: Config) {
  return {
    name: `probe-${location}`,
    modules: true,
    scriptPath: workerBundle('probe'),
    bindings: { LOCATION: location, ALLOW_PRIVATE_TARGETS: String(config.allowPrivateTargets) },
    serviceBindings: { EGRESS: config.allowPrivateTargets ? wholeNetwork() : publicNetwork() },
    // Used by connect(), which finds the reason of a failed check and takes no binding.
    ...(config.allowPrivateTargets ? {} : { outboundService: PUBLIC_INTERNET }),
  };
}

/** The outbound service of probes that may reach public addresses only. */
function publicInternet() {
  return {
    name: PUBLIC_INTERNET,
    modules: true,
    script: 'export default { fetch: (request, env) => env.NETWORK.fetch(request) }',
    compatibilityDate: GLUE_COMPATIBILITY_DATE,
    serviceBindings: { NETWORK: publicNetwork() },
  };
}

function statusPages(address: WorkerAddress) {
  return {
    name: 'status-pages',
    modules: true,
    scriptPath: workerBundle('status-pages'),
    unsafeDirectSockets: [address],
    durableObjects: {
      STATUS_PAGES: { className: 'StatusPage', scriptName: 'coordinator', useSQLite: true },
      PAGE_DIRECTORY: { className: 'PageDirectory', scriptName: 'coordinator', useSQLite: true },
    },
  };
}

function probeBinding(location: LocationId): string {
  return `PROBE_${location.toUpperCase().replaceAll('-', '_')}`;
}

/** miniflare exits the process on a signal. Its listeners are removed, because the product's own shut down in order. */
function withOwnSignals(make: () => Miniflare): Miniflare {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const ours = signals.map((name) => new Set(process.listeners(name)));
  const runtime = make();
  for (const [index, name] of signals.entries()) {
    for (const listener of process.listeners(name)) {
      if (!ours[index]?.has(listener)) process.removeListener(name, listener);
    }
  }
  return runtime;
}

/** Compatibility date and flags from the file that `wrangler deploy` uses. */
function readCompatibility(): { compatibilityDate: string; compatibilityFlags: string[] } {
  const text = readFileSync(join(import.meta.dirname, '..', 'wrangler.toml'), 'utf8');
  const date = /^compatibility_date\s*=\s*"([^"]+)"/m.exec(text)?.[1];
  const flags = /^compatibility_flags\s*=\s*\[([^\]]*)\]/m.exec(text)?.[1] ?? '';
  if (date === undefined) throw new SetupError('wrangler.toml names no compatibility_date.');
  return {
    compatibilityDate: date,
    compatibilityFlags: [...flags.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? ''),
  };
}

/** The path of workerd, which is a dependency of miniflare and not of BlackTide. */
function workerdBinary(): string {
  const fromMiniflare = createRequire(createRequire(import.meta.url).resolve('miniflare'));
  return (fromMiniflare('workerd') as { default: string }).default;
}

/** Triggers the cron at once and then each minute. A tick that takes longer than a minute delays the next. */
function fireCron(runtime: Miniflare, writeLog: (line: string) => void): () => void {
  return repeat(CRON_PERIOD_MS, 'cron failed', writeLog, async () => {
    const worker = await runtime.getWorker('coordinator');
    await worker.scheduled({ cron: CRON, scheduledTime: new Date() });
  });
}

/**
 * Restarts a workerd that has exited. miniflare does so only once: if the new one exits before it is ready, the edge
 * would stay down for the life of this process.
 */
function reviveWorkerd(
  runtime: Miniflare,
  options: ReturnType<typeof edgeOptions>,
  writeLog: (line: string) => void,
): () => void {
  return repeat(REVIVE_PERIOD_MS, 'workerd could not be started again', writeLog, async () => {
    if (await isReady(runtime)) return;
    await runtime.setOptions(options);
  });
}

async function isReady(runtime: Miniflare): Promise<boolean> {
  try {
    await runtime.ready;
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs the work at once and then each period, unless it is still running. Failures are logged. Returns a function that
 * stops it.
 */
function repeat(
  periodMs: number,
  failure: string,
  writeLog: (line: string) => void,
  work: () => Promise<void>,
): () => void {
  let running = false;
  let stopped = false;
  const turn = async (): Promise<void> => {
    if (running) return;
    running = true;
    try {
      await work();
    } catch (error) {
      if (stopped) return;
      writeLog(
        JSON.stringify({ level: 'error', room: 'standalone', message: `${failure}: ${(error as Error).message}` }),
      );
    } finally {
      running = false;
    }
  };
  void turn();
  const timer = setInterval(turn, periodMs);
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}
