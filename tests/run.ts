import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { finished } from 'node:stream/promises';
import { ensureBuilt } from '#standalone/build.ts';
import { processTree } from './harness/process-tree.ts';
import { ARTIFACTS } from './harness/product.ts';
import { ensurePrograms } from './programs.ts';
import { storyOf } from './progress.ts';
import { PROGRESS_FILE } from './progress-reporter.ts';
import { type Count, type Outcome, outcomeOf } from './suite-outcome.ts';

/**
 * `npm test [suite …]` installs what the suites need, runs them and adds their results up. A green suite is one line.
 * The output of a suite is in tests/.artifacts/<suite>.log; its end is printed when the suite is red.
 *
 * Waves run one after another, the lanes of a wave at the same time, the suites of a lane one after another. `edge`
 * mostly waits for alarms and needs little CPU. `system` measures times that the product promises ("Ctrl-C ends it
 * within 10 s"), so no other suite runs at the same time.
 */
const WAVES: readonly (readonly (readonly string[])[])[] = [
  [['core'], ['edge', 'domain', 'probes', 'status-pages', 'dashboard']],
  [['system']],
];
const ROOT = join(import.meta.dirname, '..');
/** Three times what the longest suite takes on two busy cores. A suite that hangs must not stop the others. */
const SUITE_TIMEOUT_MS = 15 * 60_000;
/**
 * Twice vitest's limit for the longest test or hook. When nothing begins or ends for this long, vitest itself hangs.
 */
const SILENCE_MS = 4 * 60_000;
const WATCH_EVERY_MS = 1_000;
/** Lines of a red suite's output that are printed. vitest names what failed at the end; the log file has all lines. */
const SHOWN_LINES = 150;

interface Ran extends Outcome {
  readonly suite: string;
}

const wanted = process.argv.slice(2);
process.exitCode = await run(wanted.length > 0 ? wanted : WAVES.flat(2));

async function run(suites: readonly string[]): Promise<number> {
  const problem = problemWith(suites) ?? ensurePrograms() ?? (await problemOfBuild());
  if (problem !== null) {
    console.log(`FAILED setup: ${problem}\n\n${format({ passed: 0, failed: 1, skipped: 0 })}`);
    return 1;
  }
  mkdirSync(ARTIFACTS, { recursive: true });
  const ran: Ran[] = [];
  for (const lanes of WAVES) {
    const wave = await Promise.all(lanes.map((lane) => runLane(lane.filter((suite) => suites.includes(suite)))));
    ran.push(...wave.flat());
  }
  // All failures are printed together at the end, so that the tail of a log has them.
  for (const { suite, failed } of ran) if (failed > 0) showOutput(suite);
  for (const { suite, failures } of ran) {
    for (const failure of failures) console.log(`FAILED ${suite}: ${failure}\n`);
  }
  const total = ran.reduce<Count>(add, { passed: 0, failed: 0, skipped: 0 });
  console.log(format(total));
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

function problemWith(suites: readonly string[]): string | null {
  const known = WAVES.flat(2);
  const unknown = suites.filter((suite) => !known.includes(suite));
  return unknown.length === 0 ? null : `No suite is named ${unknown.join(', ')}: there are ${known.join(', ')}.`;
}

async function problemOfBuild(): Promise<string | null> {
  try {
    await ensureBuilt(['dashboard', 'workers'], () => {});
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

async function runLane(suites: readonly string[]): Promise<Ran[]> {
  const ran: Ran[] = [];
  for (const suite of suites) {
    const from = Date.now();
    const outcome = await runSuite(suite);
    console.log(`${suite.padEnd(13)} ${format(outcome)}, ${Math.round((Date.now() - from) / 1000)} s`);
    ran.push({ suite, ...outcome });
  }
  return ran;
}

/** Runs a suite. A suite that broke outside of its tests has one failure more, so that it is never green. */
async function runSuite(suite: string): Promise<Outcome> {
  const report = join(ARTIFACTS, `${suite}.json`);
  rmSync(report, { force: true });
  const end = await runVitest(suite, report);
  try {
    return outcomeOf(readFileSync(report, 'utf8'), end, ROOT);
  } catch (error) {
    return { passed: 0, failed: 1, skipped: 0, failures: [`no report: ${end ?? (error as Error).message}`] };
  }
}

/** Answers null when vitest ended with code 0, otherwise a text that says how it ended. */
async function runVitest(suite: string, report: string): Promise<string | null> {
  const progress = join(ARTIFACTS, `${suite}.progress`);
  writeFileSync(progress, '');
  const vitest = spawn(
    process.execPath,
    [join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'), 'run', `--project=${suite}`, `--outputFile.json=${report}`],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', [PROGRESS_FILE]: progress },
    },
  );
  const log = createWriteStream(logOf(suite));
  vitest.stdout.on('data', (chunk) => log.write(chunk));
  vitest.stderr.on('data', (chunk) => log.write(chunk));
  const fromMs = Date.now();
  let hung: string | null = null;
  const watch = setInterval(() => {
    hung = hangOf(progress, fromMs);
    if (hung === null) return;
    clearInterval(watch);
    for (const pid of processTree(vitest.pid ?? 0)) process.kill(pid, 'SIGKILL');
  }, WATCH_EVERY_MS);
  const code = await new Promise<number | null>((resolve) => vitest.once('close', resolve));
  clearInterval(watch);
  log.end();
  await finished(log);
  if (hung !== null) return hung;
  return code === 0 ? null : `vitest ended with ${code ?? 'a signal'}`;
}

/** A text that says why the suite is regarded as hanging and which tests were running; null while it goes on. */
function hangOf(progress: string, fromMs: number): string | null {
  const nowMs = Date.now();
  const isOver = nowMs - fromMs > SUITE_TIMEOUT_MS;
  const isSilent = nowMs - statSync(progress).mtimeMs > SILENCE_MS;
  if (!isOver && !isSilent) return null;
  const why = isOver
    ? `did not end within ${SUITE_TIMEOUT_MS / 60_000}`
    : `began and ended no test for ${SILENCE_MS / 60_000}`;
  return [`vitest ${why} minutes and was ended`, ...storyOf(readFileSync(progress, 'utf8'), nowMs)].join('\n  ');
}

function showOutput(suite: string): void {
  const lines = readFileSync(logOf(suite), 'utf8').trimEnd().split('\n');
  console.log(`\n── the end of what ${suite} printed (all of it: ${relative(ROOT, logOf(suite))})`);
  console.log(`${lines.slice(-SHOWN_LINES).join('\n')}\n`);
}

function logOf(suite: string): string {
  return join(ARTIFACTS, `${suite}.log`);
}

function add(total: Count, count: Count): Count {
  return {
    passed: total.passed + count.passed,
    failed: total.failed + count.failed,
    skipped: total.skipped + count.skipped,
  };
}

function format(count: Count): string {
  return `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`;
}
