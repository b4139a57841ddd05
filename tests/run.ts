import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ensureBuilt } from '#standalone/build.ts';
import { ensurePrograms } from './programs.ts';

/** `npm test`: sets up what the suites need, runs them one after another and adds them up. */
const SUITES = ['domain', 'probes', 'status-pages', 'dashboard', 'edge', 'core', 'system'];
const ROOT = join(import.meta.dirname, '..');

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The part of vitest's JSON report that is used here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

interface Outcome extends Count {
  /** One text per failure: the test, its file and the first lines of its message. */
  readonly failures: readonly string[];
}

/** Enough of a failure's message to see what was expected, with our own lines of its stack. */
const MESSAGE_LINES = 12;

const wanted = process.argv.slice(2);
const suites = wanted.length > 0 ? SUITES.filter((suite) => wanted.includes(suite)) : SUITES;
process.exitCode = await run(suites);

async function run(suites: readonly string[]): Promise<number> {
  const missing = ensurePrograms();
  if (missing !== null) {
    console.error(missing);
    return 1;
  }
  await ensureBuilt(['dashboard', 'workers'], (sentence) => console.log(sentence));
  const outcomes = suites.map((suite) => ({ suite, ...runSuite(suite) }));
  const total = outcomes.reduce<Count>(add, { passed: 0, failed: 0, skipped: 0 });
  console.log('');
  // The failures of all suites stand together at the end, where the tail of a log shows them.
  for (const { suite, failures } of outcomes) {
    for (const failure of failures) console.log(`FAILED ${suite}: ${failure}\n`);
  }
  for (const outcome of outcomes) console.log(`${outcome.suite.padEnd(13)} ${format(outcome)}`);
  console.log(format(total));
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

/** A suite that broke before or beside its tests counts as one failure more, so that it is never green. */
function runSuite(suite: string): Outcome {
  const dir = mkdtempSync(join(tmpdir(), 'blacktide-report-'));
  const file = join(dir, 'report.json');
  console.log(`\n── ${suite}`);
  const vitest = spawnSync(
    process.execPath,
    [
      join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      `--project=${suite}`,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
    ],
    { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  try {
    return outcome(JSON.parse(readFileSync(file, 'utf8')) as Report, vitest.status);
  } catch (error) {
    return { passed: 0, failed: 1, skipped: 0, failures: [`vitest left no report: ${String(error)}`] };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function outcome(report: Report, exitCode: number | null): Outcome {
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const failures = [
    ...brokenFiles.map((file) => `${relative(ROOT, file.name)}\n${firstLines(file.message)}`),
    ...report.testResults.flatMap((file) =>
      file.assertionResults
        .filter((test) => test.status === 'failed')
        .map(
          (test) => `${relative(ROOT, file.name)} > ${test.fullName}\n${firstLines(test.failureMessages?.join('\n'))}`,
        ),
    ),
  ];
  if (failures.length === 0 && exitCode !== 0) {
    failures.push(`vitest ended with ${exitCode ?? 'a signal'} beside its tests: see its output above`);
  }
  return {
    passed: report.numPassedTests,
    failed: failures.length,
    skipped: report.numPendingTests + report.numTodoTests,
    failures,
  };
}

function firstLines(message = ''): string {
  const lines = message.split('\n').filter((line) => line.trim() !== '' && !line.includes('node_modules'));
  return lines.slice(0, MESSAGE_LINES).join('\n');
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
