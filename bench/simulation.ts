import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { SIMULATED_STREAMS, type SimulatedStreams } from '#simulation/play-seed.ts';
import type { SeedOrder, SeedReport } from '#simulation/seed-worker.ts';
import { setup } from '#tests/database-server.ts';
import { type Figures, type Findings, rounded } from './figures.ts';
import type { BenchOptions } from './options.ts';

/** Most time for one seed, which takes seconds on an idle machine. A seed that hangs must not stop the others. */
const SEED_TIMEOUT_MS = 180_000;
/** Seeds between two lines of progress. */
const TOLD_EVERY = 10;
/**
 * With `--streams mixed` each fifth seed runs over JetStream, which is slower and differs only in how events are
 * carried.
 */
const JETSTREAM_EVERY = 5;
/** Two, because a seed waits for timers and PostgreSQL about half of the time. */
const WORKERS_PER_PROCESSOR = 2;
/** With Node's default of 16 MB for young objects, garbage collection takes a third of the time. */
const WORKER_FLAGS = ['--max-semi-space-size=64'];

/** Plays seeds of the simulation, from `--from` on, in several processes at once. */
export async function simulation({ seeds, from, streams }: BenchOptions): Promise<Findings> {
  const stopServer = await setup();
  const begun = Date.now();
  const orders = Array.from({ length: seeds }, (_, index) => orderOf(from + index, streams)).values();
  const tally = new Tally(seeds, begun);
  try {
    const workers = Array.from({ length: WORKERS_PER_PROCESSOR * cpus().length }, () =>
      workThrough(orders, (report) => tally.take(report)),
    );
    await Promise.all(workers);
  } finally {
    await stopServer();
  }
  return tally.findings(from, streams);
}

function orderOf(seed: number, streams: BenchOptions['streams']): SeedOrder {
  if (streams !== 'mixed') return { seed, streams };
  return { seed, streams: seed % JETSTREAM_EVERY === 0 ? 'jetstream' : 'in-process' };
}

/** Plays orders in one worker process until none is left; a worker that hung or died is replaced by a new one. */
async function workThrough(orders: Iterator<SeedOrder>, take: (report: SeedReport) => void): Promise<void> {
  let worker: ChildProcess | undefined;
  for (let next = orders.next(); next.done !== true; next = orders.next()) {
    worker ??= fork(new URL('../simulation/seed-worker.ts', import.meta.url), { execArgv: WORKER_FLAGS });
    const report = await play(worker, next.value);
    take(report);
    if (!worker.connected) worker = undefined;
  }
  if (worker === undefined) return;
  const exit = once(worker, 'exit');
  worker.disconnect();
  await exit;
}

async function play(worker: ChildProcess, order: SeedOrder): Promise<SeedReport> {
  const over = new AbortController();
  const timer = setTimeout(() => worker.kill('SIGKILL'), SEED_TIMEOUT_MS);
  try {
    worker.send(order);
    const { signal } = over;
    const [report] = await Promise.race([once(worker, 'message', { signal }), once(worker, 'exit', { signal })]);
    if (typeof report === 'object' && report !== null) return report as SeedReport;
    const fault = `its process ended, or it did not end within ${SEED_TIMEOUT_MS / 1000} s`;
    return { order, fault, message: fault };
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}

/** The reports of the seeds so far. */
class Tally {
  readonly #seeds: number;
  readonly #begun: number;
  readonly #reports: SeedReport[] = [];

  constructor(seeds: number, begun: number) {
    this.#seeds = seeds;
    this.#begun = begun;
  }

  take(report: SeedReport): void {
    this.#reports.push(report);
    if ('fault' in report) {
      const { order, message } = report;
      console.log(`FAILED seed ${order.seed}: ${message}\nTo play it again: ${replay(order)}\n`);
    }
    const played = this.#reports.length;
    if (played % TOLD_EVERY !== 0) return;
    console.log(
      `${played} of ${this.#seeds} seeds, ${this.#failed(this.#reports).length} failed, ${this.#seconds} s so far`,
    );
  }

  get #seconds(): number {
    return rounded((Date.now() - this.#begun) / 1000);
  }

  #failed(reports: readonly SeedReport[]) {
    return reports.filter((report) => 'fault' in report).sort((one, other) => one.order.seed - other.order.seed);
  }

  findings(firstSeed: number, streams: BenchOptions['streams']): Findings {
    const failed = this.#failed(this.#reports);
    const [first] = failed;
    const figures = {
      firstSeed,
      streams,
      ...this.#sums(this.#reports),
      seconds: this.#seconds,
      secondsPerSeed: rounded((Date.now() - this.#begun) / 1000 / this.#seeds, 2),
      ...Object.fromEntries(violationsBy(failed)),
      ...(first === undefined ? {} : { firstFailingSeed: first.order.seed, replay: replay(first.order) }),
    };
    const rows = SIMULATED_STREAMS.map((kind): Figures => {
      const reports = this.#reports.filter(({ order }) => order.streams === kind);
      return { streams: kind, ...this.#sums(reports) };
    }).filter((row) => row.seeds !== 0);
    const missedGoals =
      first === undefined ? [] : [`every seed passes: ${failed.length} failed, the first is ${first.order.seed}`];
    return { figures, rows, missedGoals };
  }

  #sums(reports: readonly SeedReport[]): Figures {
    const sum = (figure: 'events' | 'verdicts' | 'pages' | 'messages') =>
      reports.reduce((total, report) => total + ('played' in report ? report.played[figure] : 0), 0);
    const failed = this.#failed(reports).length;
    return {
      seeds: reports.length,
      passed: reports.length - failed,
      failed,
      events: sum('events'),
      verdicts: sum('verdicts'),
      pages: sum('pages'),
      messages: sum('messages'),
    };
  }
}

/** For each violated invariant the number of seeds and the seeds themselves. */
function violationsBy(failed: readonly Extract<SeedReport, { fault: string }>[]): [string, string][] {
  const byFault = Map.groupBy(failed, ({ fault }) => fault);
  return [...byFault].map(([fault, reports]) => [
    `violated: ${fault}`,
    `${reports.length}: ${reports.map(({ order }) => order.seed).join(', ')}`,
  ]);
}

function replay({ seed, streams }: { seed: number; streams: SimulatedStreams }): string {
  return `npm run bench -- simulation --seeds 1 --from ${seed} --streams ${streams}`;
}
