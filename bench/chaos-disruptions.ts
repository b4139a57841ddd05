import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '#simulation/random.ts';
import { workerdPidFile } from '#standalone/orphaned-workerd.ts';
import { preparePostgresHome } from '#standalone/postgres-home.ts';
import { eventually } from '#tests/harness/eventually.ts';
import { processTree } from '#tests/harness/process-tree.ts';
import { type Installation, launch, type Product } from '#tests/harness/product.ts';
import type { SeenProcesses } from './seen-processes.ts';
import { TimeSpans } from './time-span.ts';

/** Time between two disruptions of the same part. */
const CALM_MS = [5000, 40_000] as const;
/** Time until a killed part is started again; in half of the cases it is started at once. */
const AWAY_MS = [0, 20_000] as const;
/** Time between SIGSTOP and SIGCONT. */
export const STOPPED_MS = [1000, 12_000] as const;
/** The product promises to end within 10 s; the rest is for a busy machine. */
const END_MS = 15_000;
/** Time for the core to start its database again, and for the edge to start workerd again. */
const REACTION_MS = 20_000;

const CORE_DISRUPTIONS = [
  'core killed',
  'core and database killed',
  'core ended',
  'core stopped',
  'database killed',
] as const;
const EDGE_DISRUPTIONS = [
  'edge and workerd killed',
  'edge killed',
  'edge ended',
  'edge stopped',
  'workerd killed',
  'workerd stopped',
] as const;
type Disruption = (typeof CORE_DISRUPTIONS)[number] | (typeof EDGE_DISRUPTIONS)[number];

/** Edge and core as two processes, with the disruptions that are done to them. */
export class Victim {
  readonly violations: string[] = [];
  readonly disruptions = new Map<Disruption, number>();
  /** Spans in which checks may be late or missing. */
  readonly edgeDisturbed = new TimeSpans();
  readonly #installation: Installation;
  readonly #seen: SeenProcesses;
  readonly #parts = new Map<'core' | 'edge', Product>();

  constructor(installation: Installation, seen: SeenProcesses) {
    this.#installation = installation;
    this.#seen = seen;
  }

  async start(): Promise<void> {
    await Promise.all([this.#start('core'), this.#start('edge')]);
  }

  async disruptCore(random: Random, until: number): Promise<void> {
    await this.#disrupt(CORE_DISRUPTIONS, random, until);
  }

  async disruptEdge(random: Random, until: number): Promise<void> {
    await this.#disrupt(EDGE_DISRUPTIONS, random, until);
  }

  async end(): Promise<void> {
    for (const part of ['edge', 'core'] as const) await this.#end(part);
    await eventually('no process is left', () => this.#seen.alive().length === 0, END_MS).catch(() => {
      this.violations.push(`processes left behind: ${this.#seen.alive().join(', ')}`);
    });
  }

  async killAll(): Promise<void> {
    for (const product of this.#parts.values()) await product.killTree();
    this.#seen.kill();
  }

  async #disrupt(kinds: readonly Disruption[], random: Random, until: number): Promise<void> {
    for (;;) {
      const at = Date.now() + random.between(...CALM_MS);
      if (at > until) return;
      await sleep(at - Date.now());
      const kind = random.pick(kinds);
      this.disruptions.set(kind, (this.disruptions.get(kind) ?? 0) + 1);
      console.log(`${new Date().toISOString()} ${kind}`);
      await this.#befall(kind, random);
      console.log(`${new Date().toISOString()} ${kind}: over`);
    }
  }

  async #befall(kind: Disruption, random: Random): Promise<void> {
    const awayMs = random.next() < 0.5 ? 0 : random.between(...AWAY_MS);
    const stoppedMs = random.between(...STOPPED_MS);
    switch (kind) {
      case 'core killed':
        await this.#kill('core', [this.#pid('core')]);
        return this.#startAfter('core', awayMs);
      case 'core and database killed':
        await this.#kill('core', [this.#pid('core'), ...this.#database()]);
        return this.#startAfter('core', awayMs);
      case 'core ended':
        await this.#end('core');
        return this.#startAfter('core', awayMs);
      case 'core stopped':
        return stopFor([this.#pid('core')], stoppedMs);
      case 'database killed':
        return this.#killDatabase();
      case 'edge and workerd killed':
        return this.#disturbingTheEdge(async () => {
          await this.#kill('edge', processTree(this.#pid('edge')));
          await this.#startAfter('edge', awayMs);
        });
      case 'edge killed':
        return this.#disturbingTheEdge(async () => {
          await this.#kill('edge', [this.#pid('edge')]);
          await this.#startAfter('edge', awayMs);
        });
      case 'edge ended':
        return this.#disturbingTheEdge(async () => {
          await this.#end('edge');
          await this.#startAfter('edge', awayMs);
        });
      case 'edge stopped':
        return stopFor([this.#pid('edge')], stoppedMs);
      case 'workerd killed':
        return this.#disturbingTheEdge(() => this.#killWorkerd(random.pick([1, 1, 2, 3])));
      case 'workerd stopped':
        return this.#disturbingTheEdge(() => stopFor([this.#workerd()], stoppedMs));
    }
  }

  async #disturbingTheEdge(disturb: () => Promise<void>): Promise<void> {
    const span = this.edgeDisturbed.begin();
    await disturb();
    this.edgeDisturbed.end(span);
  }

  async #startAfter(part: 'core' | 'edge', awayMs: number): Promise<void> {
    await sleep(awayMs);
    await this.#start(part);
  }

  async #start(part: 'core' | 'edge'): Promise<void> {
    const product = launch(this.#installation, { args: [part] });
    this.#parts.set(part, product);
    await product.ready().catch((error: Error) => {
      this.violations.push(`${part} does not start: ${error.message}`);
      throw error;
    });
    this.#seen.note(product.pid);
  }

  async #end(part: 'core' | 'edge'): Promise<void> {
    this.#seen.note(this.#pid(part));
    const product = this.#product(part);
    const { code, tookMs } = await product.stop('SIGTERM');
    if (code !== 0 || tookMs > END_MS) {
      this.violations.push(`${part} ended with ${code} after ${tookMs} ms: ${product.errors()}`);
    }
  }

  async #kill(part: 'core' | 'edge', pids: readonly number[]): Promise<void> {
    this.#seen.note(this.#pid(part));
    for (const pid of pids) killNow(pid);
    await this.#product(part).exited();
  }

  /** The core goes on, and starts its database again. */
  async #killDatabase(): Promise<void> {
    const [before] = this.#database();
    for (const pid of this.#database()) killNow(pid);
    await eventually(
      'another database',
      async () =>
        this.#database()[0] !== before && (await fetch(`${this.#installation.apiOrigin}/readyz`)).status === 200,
      REACTION_MS,
    ).catch((error: Error) => {
      this.violations.push(`after the database was killed: ${error.message}`);
      throw error;
    });
  }

  /** The edge starts workerd again by itself, even when the new workerd is killed while it starts. */
  async #killWorkerd(times: number): Promise<void> {
    this.#seen.note(this.#pid('edge'));
    let before = 0;
    for (let kill = 0; kill < times; kill += 1) {
      before = await eventually('a workerd', () => this.#workerd() !== before && this.#workerd(), REACTION_MS);
      killNow(before);
    }
    await eventually(
      'another workerd',
      async () => this.#workerd() !== before && (await fetch(`${this.#installation.edgeOrigin}/healthz`)).ok,
      REACTION_MS,
    ).catch((error: Error) => {
      this.violations.push(`after workerd was killed: ${error.message}`);
      throw error;
    });
    this.#seen.note(this.#pid('edge'));
  }

  #product(part: 'core' | 'edge'): Product {
    const product = this.#parts.get(part);
    if (product === undefined) throw new Error(`${part} was never started`);
    return product;
  }

  #pid(part: 'core' | 'edge'): number {
    return this.#product(part).pid;
  }

  #workerd(): number {
    return Number(readFileSync(workerdPidFile(this.#installation.dataDir), 'utf8'));
  }

  #database(): number[] {
    const { pgdata } = preparePostgresHome(this.#installation.dataDir, () => {});
    return processTree(Number(readFileSync(join(pgdata, 'postmaster.pid'), 'utf8').split('\n')[0]));
  }
}

async function stopFor(pids: readonly number[], ms: number): Promise<void> {
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  await sleep(ms);
  for (const pid of pids) process.kill(pid, 'SIGCONT');
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process ended together with its parent.
  }
}
