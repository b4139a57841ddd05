import { readdirSync, readFileSync } from 'node:fs';
import { processTree } from '#tests/harness/process-tree.ts';
import type { Figures } from './figures.ts';
import { rounded } from './figures.ts';

/**
 * Parts that are measured. `core` is the Node process of `npm start`, which also starts workerd; `bench` is this
 * process.
 */
export const PARTS = ['workerd', 'core', 'postgres', 'target', 'bench'] as const;
export type Part = (typeof PARTS)[number];

/** CPU time so far, in milliseconds; `machine` is the sum of all processes of this computer. */
export type CpuTimes = Readonly<Record<Part | 'machine', number>>;

export interface Sample {
  readonly at: number;
  readonly rssMb: Readonly<Record<Part, number>>;
  readonly workerdPids: readonly number[];
  readonly files: Readonly<Record<Part, number>>;
}

const SAMPLE_MS = 1000;
/** The unit of CPU times in proc(5): USER_HZ is 100 on every Linux that Node runs on. */
const TICK_MS = 10;
/**
 * Indexes after the command's closing parenthesis, proc(5): utime, stime, and both of the children that were waited
 * for.
 */
const CPU_FIELDS = [14, 15, 16, 17].map((field) => field - 3);

/** Samples the product's processes from /proc once a second until it is closed. Linux only. */
export class ProcessMeter {
  readonly samples: Sample[] = [];
  readonly #product: number;
  readonly #targets: readonly number[];
  readonly #timer: NodeJS.Timeout;

  constructor(product: number, ...targets: readonly number[]) {
    if (process.platform !== 'linux') throw new Error('This scenario reads /proc: it needs Linux.');
    this.#product = product;
    this.#targets = targets;
    this.#timer = setInterval(() => this.sample(), SAMPLE_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** The CPU time of an ended process is in its parent's, so the difference of two readings misses nothing. */
  cpu(): CpuTimes {
    const times: Record<Part | 'machine', number> = { ...zero(), machine: machineMs() };
    for (const [pid, part] of this.#processes()) times[part] += cpuMs(pid);
    return times;
  }

  sample(): Sample {
    const processes = this.#processes();
    const workerdPids = processes.filter(([, part]) => part === 'workerd').map(([pid]) => pid);
    const sample = {
      at: Date.now(),
      rssMb: memory(processes),
      workerdPids,
      files: filesOf(processes),
    };
    this.samples.push(sample);
    return sample;
  }

  /** The highest values of all samples in [from, to]. */
  peaks(from: number, to = Date.now()): { readonly workerdFilesMax: number; readonly rssMaxMb: Record<Part, number> } {
    const samples = this.samples.filter(({ at }) => at >= from && at <= to);
    const most = (value: (sample: Sample) => number) =>
      samples.reduce((max, sample) => Math.max(max, value(sample)), 0);
    const rssMaxMb = zero();
    for (const part of PARTS) rssMaxMb[part] = most(({ rssMb }) => rssMb[part]);
    return { workerdFilesMax: most(({ files }) => files.workerd), rssMaxMb };
  }

  /** Number of workerd processes in [from, to] after the first. */
  workerdRestarts(from: number, to = Date.now()): number {
    const pids = this.samples.filter(({ at }) => at >= from && at <= to).flatMap(({ workerdPids }) => workerdPids);
    return Math.max(0, new Set(pids).size - 1);
  }

  #processes(): [pid: number, part: Part][] {
    const product = processTree(this.#product).map((pid) => [pid, partOf(pid)] as [number, Part]);
    const targets = this.#targets.map((pid) => [pid, 'target'] as [number, Part]);
    return [...product, ...targets, [process.pid, 'bench']];
  }
}

/** CPU time per check, by part, between two readings. */
export function cpuPerCheck(before: CpuTimes, after: CpuTimes, checks: number): Figures {
  return Object.fromEntries(
    [...PARTS, 'machine' as const].map((part) => [`${part}CpuMs`, rounded((after[part] - before[part]) / checks, 3)]),
  );
}

function partOf(pid: number): Part {
  if (isWorkerd(pid)) return 'workerd';
  return read(`/proc/${pid}/comm`).startsWith('postgres') ? 'postgres' : 'core';
}

export function isWorkerd(pid: number): boolean {
  return read(`/proc/${pid}/comm`).startsWith('workerd');
}

/** Processor time of a process so far, in milliseconds, in steps of 10. */
export function cpuMs(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return CPU_FIELDS.reduce((sum, field) => sum + Number(fields[field] ?? 0), 0) * TICK_MS;
}

/**
 * CPU time of the machine, from the line `cpu` of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal.
 */
function machineMs(): number {
  const line = /^cpu +(.*)$/m.exec(read('/proc/stat'))?.[1] ?? '';
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(' ').map(Number);
  return (user + nice + system + irq + softirq) * TICK_MS;
}

/**
 * Resident memory by part. Shared memory, which every process of PostgreSQL reports as its own, counts once per part.
 */
function memory(processes: readonly (readonly [number, Part])[]): Record<Part, number> {
  const own = zero();
  const shared = zero();
  for (const [pid, part] of processes) {
    const status = read(`/proc/${pid}/status`);
    const megabytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
    own[part] += megabytes('VmRSS') - megabytes('RssShmem');
    shared[part] = Math.max(shared[part], megabytes('RssShmem'));
  }
  for (const part of PARTS) own[part] = Math.round(own[part] + shared[part]);
  return own;
}

function filesOf(processes: readonly (readonly [number, Part])[]): Record<Part, number> {
  const files = zero();
  for (const [pid, part] of processes) files[part] += openFiles(pid);
  return files;
}

function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process has ended.
    return '';
  }
}

function zero(): Record<Part, number> {
  return { workerd: 0, core: 0, postgres: 0, target: 0, bench: 0 };
}
