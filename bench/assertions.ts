import { join } from 'node:path';
import { build } from 'esbuild';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { monitorCreateSchema } from '#domain/api/monitor.ts';
import { processTree } from '#tests/harness/process-tree.ts';
import { DECODED, JUDGED, WRITTEN } from './assertion-inputs.ts';
import type { Ended } from './assertions-worker.ts';
import { type Figures, type Findings, rounded } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { cpuMs, isWorkerd } from './process-meter.ts';

/** Most CPU time for judging one answer, and for validating one written monitor. */
const GOAL_MS = 50;

/**
 * Measures the slowest inputs that the API accepts: bodies of a megabyte against the most expensive patterns, paths and
 * schemas, judged in workerd, and monitors whose assertions are the most expensive to validate, validated in Node.
 * Figures are milliseconds of CPU, each run with a fresh budget: the first run, with cold engines, and the mean of
 * `--trials` more.
 */
export async function assertions({ trials }: BenchOptions): Promise<Findings> {
  const edge = await startWorker();
  const rows: Figures[] = [];
  try {
    for (const [index, { name }] of JUDGED.entries())
      rows.push({ input: name, ...(await edge('judged', index, trials)) });
    for (const [index, { encoding }] of DECODED.entries()) {
      rows.push({ input: `decoded: ${encoding}`, ...(await edge('decoded', index, trials)) });
    }
  } finally {
    await edge.close();
  }
  rows.push(...WRITTEN.map(({ name, assertions }) => ({ input: `written: ${name}`, ...written(assertions) })));
  const slowest = rows.reduce((one, other) => (Number(other.meanMs) > Number(one.meanMs) ? other : one));
  return {
    figures: { inputs: rows.length, trials, slowest: String(slowest.input), slowestMs: Number(slowest.meanMs) },
    rows,
    missedGoals: rows
      .filter(({ meanMs }) => Number(meanMs) > GOAL_MS)
      .map(({ input, meanMs }) => `${input} takes at most ${GOAL_MS} ms of CPU: ${meanMs} ms`),
  };
}

/** A workerd with assertions-worker.ts alone, whose processor time is that of the inputs. */
async function startWorker() {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'assertions-worker.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'esnext',
  });
  const known = new Set(processTree(process.pid));
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      telemetry: { enabled: false },
      modules: true,
      compatibilityDate: '2026-01-01',
      script: outputFiles[0]?.text ?? '',
    }),
  );
  await runtime.ready;
  const pid = processTree(process.pid).find((one) => !known.has(one) && isWorkerd(one));
  if (pid === undefined) throw new Error('workerd has not started');
  const cpuOf = async (query: string): Promise<[ms: number, ended: Ended]> => {
    const before = cpuMs(pid);
    const answer = await runtime.dispatchFetch(`http://worker/?${query}`);
    if (!answer.ok) throw new Error(await answer.text());
    return [cpuMs(pid) - before, (await answer.json()) as Ended];
  };
  const run = async (kind: 'judged' | 'decoded', index: number, trials: number): Promise<Figures> => {
    const [firstMs] = await cpuOf(`kind=${kind}&index=${index}&times=1`);
    const [ms, { workMs, end }] = await cpuOf(`kind=${kind}&index=${index}&times=${trials}`);
    return { workMs, end, firstMs, meanMs: rounded(ms / trials, 1) };
  };
  return Object.assign(run, { close: () => runtime.dispose() });
}

/** Read once: what was compiled stays in memory, so a second reading would cost nothing. */
function written(assertions: readonly object[]): Figures {
  const config = { url: 'https://example.com/', assertions };
  const [firstMs, { success }] = threadCpuOf(() => monitorCreateSchema.safeParse({ name: 'x', type: 'http', config }));
  return { workMs: '-', end: success ? 'accepted' : 'refused', firstMs, meanMs: firstMs };
}

/** CPU time of this thread alone: other work on the machine does not count. */
function threadCpuOf<T>(run: () => T): [ms: number, value: T] {
  const before = process.threadCpuUsage();
  const value = run();
  const { user, system } = process.threadCpuUsage(before);
  return [rounded((user + system) / 1000, 1), value];
}
