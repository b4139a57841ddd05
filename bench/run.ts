import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chaos } from './chaos.ts';
import type { Figures } from './figures.ts';
import { latency } from './latency.ts';
import { slowTarget } from './slow-target.ts';
import { startAndEnd } from './start.ts';
import { throughput } from './throughput.ts';

/**
 * `npm run bench -- [scenario …] [--seconds 300] [--trials 30] [--monitors 200] [--seed 1]`
 * Prints each scenario's figures as a table and as JSON, and keeps them in bench/results/.
 */
const SCENARIOS = { throughput, latency, 'slow-target': slowTarget, start: startAndEnd, chaos };

const { values, positionals } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    trials: { type: 'string', default: '30' },
    monitors: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
  allowPositionals: true,
});
const options = {
  seconds: Number(values.seconds),
  trials: Number(values.trials),
  monitors: Number(values.monitors),
  seed: Number(values.seed),
};

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  report(name, await scenario(options));
}

function report(name: string, figures: Figures): void {
  console.log(`\n${name}`);
  console.table(Object.fromEntries(Object.entries(figures).map(([figure, value]) => [figure, { value }])));
  const record = { scenario: name, at: new Date().toISOString(), cores: cpus().length, figures };
  console.log(JSON.stringify(record));
  const dir = join(import.meta.dirname, 'results');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, `${name}-${record.at.replaceAll(':', '-')}.json`), `${JSON.stringify(record, null, 2)}\n`);
}
