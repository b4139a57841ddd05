import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { assertions } from './assertions.ts';
import { chaos } from './chaos.ts';
import type { Figures, Findings } from './figures.ts';
import { hostile } from './hostile.ts';
import { judging } from './judging.ts';
import { latency } from './latency.ts';
import { type BenchOptions, readArguments } from './options.ts';
import { overload } from './overload.ts';
import { pages } from './pages.ts';
import { simulation } from './simulation.ts';
import { slowTarget } from './slow-target.ts';
import { startAndEnd } from './start.ts';
import { throughput } from './throughput.ts';

/**
 * `npm run bench -- [scenario …] [--option value …]` runs the named scenarios, or all; options.ts has the options. The
 * figures of each scenario are printed as a table and as JSON, and stored in bench/results/. The exit code is 1 when a
 * scenario missed a goal.
 */
const SCENARIOS: Readonly<Record<string, (options: BenchOptions) => Promise<Findings>>> = {
  throughput,
  latency,
  'slow-target': slowTarget,
  pages,
  start: startAndEnd,
  chaos,
  overload,
  hostile,
  judging,
  assertions,
  simulation,
};

/** Most rows that are printed side by side: more columns do not fit into a terminal. */
const COLUMNS_MAX = 12;

await main();

async function main(): Promise<void> {
  try {
    const { scenarios, options } = readArguments(process.argv.slice(2));
    for (const name of scenariosNamed(scenarios)) report(name, await SCENARIOS[name]?.(options));
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}

function scenariosNamed(names: readonly string[]): readonly string[] {
  const known = Object.keys(SCENARIOS);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`No scenario is named ${unknown.join(', ')}: there are ${known.join(', ')}.`);
  return names.length === 0 ? known : names;
}

function report(name: string, { figures, rows = [], missedGoals = [] }: Findings = { figures: {} }): void {
  console.log(`\n${name}`);
  if (rows.length > 0) console.table(rows.length > COLUMNS_MAX ? rows : sideBySide(rows));
  console.table(Object.fromEntries(Object.entries(figures).map(([figure, value]) => [figure, { value }])));
  const record = { scenario: name, at: new Date().toISOString(), cores: cpus().length, figures, rows, missedGoals };
  console.log(JSON.stringify(record));
  const dir = join(import.meta.dirname, 'results');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, `${name}-${record.at.replaceAll(':', '-')}.json`), `${JSON.stringify(record, null, 2)}\n`);
  for (const goal of missedGoals) console.log(`MISSED ${goal}`);
  if (missedGoals.length > 0) process.exitCode = 1;
}

/**
 * One column for each row, headed by the row's first figure, and one line for each other figure, of which there are
 * many.
 */
function sideBySide(rows: readonly Figures[]): Record<string, Figures> {
  const [head = '', ...figures] = new Set(rows.flatMap((row) => Object.keys(row)));
  return Object.fromEntries(
    figures.map((figure) => [
      figure,
      Object.fromEntries(
        rows.map((row) => [`${typeof row[head] === 'number' ? `${head} ` : ''}${row[head]}`, row[figure] ?? '-']),
      ),
    ]),
  );
}
