import { monitorCreateSchema } from '#domain/api/monitor.ts';
import type { Assertion } from '#domain/assertion/assertion.ts';
import { type Answer, evaluateAssertion } from '#domain/assertion/assertion-evaluation.ts';
import { WORK_PER_MS, WorkBudget } from '#domain/assertion/work-budget.ts';
import { DECODED, JUDGED, WRITTEN } from './assertion-inputs.ts';
import { type Figures, type Findings, rounded } from './figures.ts';
import type { BenchOptions } from './options.ts';

/** Most CPU time for judging one answer, and for validating one written monitor. */
const GOAL_MS = 50;

/**
 * Measures the slowest inputs that the API accepts: bodies of a megabyte against the most expensive patterns, paths and
 * schemas, and monitors whose assertions are the most expensive to validate. Figures are milliseconds of CPU, each run
 * with a fresh budget: the first run, with cold engines, and the fastest, median and slowest of `--trials` more.
 */
export async function assertions({ trials }: BenchOptions): Promise<Findings> {
  const judged = JUDGED.map(({ name, assertions, body }) => {
    const judge = () => {
      const answer: Answer = { ...ANSWER, body };
      const budget = new WorkBudget();
      const ends = assertions.map((assertion) => evaluateAssertion(assertion as Assertion, answer, budget));
      const stopped = ends.some((end) => !end.passed && end.reason === 'assertion_unevaluable');
      return { workMs: rounded(budget.spent / WORK_PER_MS, 1), end: stopped ? 'stopped' : 'judged' };
    };
    return { input: name, ...timed(judge, trials) };
  });
  const written = WRITTEN.map(({ name, assertions }) => {
    const config = { url: 'https://example.com/', assertions };
    const read = () => {
      const { success } = monitorCreateSchema.safeParse({ name: 'x', type: 'http', config });
      return { workMs: '-', end: success ? 'accepted' : 'refused' };
    };
    return { input: `written: ${name}`, ...timed(read, trials) };
  });
  const decoded = DECODED.map(({ encoding, bytes }) => {
    const decode = () => {
      new TextDecoder(encoding).decode(bytes);
      return { workMs: '-', end: 'decoded' };
    };
    return { input: `decoded: ${encoding}`, ...timed(decode, trials) };
  });
  const rows: Figures[] = [...judged, ...written, ...decoded];
  const slowest = rows.reduce((one, other) => (Number(other.medianMs) > Number(one.medianMs) ? other : one));
  return {
    figures: { inputs: rows.length, trials, slowest: String(slowest.input), slowestMs: Number(slowest.medianMs) },
    rows,
    missedGoals: rows
      .filter(({ medianMs }) => Number(medianMs) > GOAL_MS)
      .map(({ input, medianMs }) => `${input} takes at most ${GOAL_MS} ms of CPU: ${medianMs} ms`),
  };
}

const ANSWER = { status: 200, headers: [], bodyCut: false, responseTimeMs: 1, tls: undefined, atMs: 0 } as const;

function timed(run: () => Figures, trials: number): Figures {
  const [first, end] = cpuOf(run);
  const times = Array.from({ length: trials }, () => cpuOf(run)[0]).sort((one, other) => one - other);
  const at = (share: number) => rounded(times[Math.floor((times.length - 1) * share)] ?? first, 1);
  return { ...end, firstMs: rounded(first, 1), fastestMs: at(0), medianMs: at(0.5), slowestMs: at(1) };
}

/** CPU time of this thread alone: other work on the machine does not count. */
function cpuOf<T>(run: () => T): [ms: number, value: T] {
  const before = process.threadCpuUsage();
  const value = run();
  const { user, system } = process.threadCpuUsage(before);
  return [(user + system) / 1000, value];
}
