import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

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
  const counts = suites.map((suite) => ({ suite, ...runSuite(suite) }));
  const total = counts.reduce(add, { passed: 0, failed: 0, skipped: 0 });
  console.log('');
  for (const count of counts) console.log(`${count.suite.padEnd(13)} ${format(count)}`);
  console.log(format(total));
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

/** A suite that broke before or beside its tests counts as one failure more, so that it is never green. */
function runSuite(suite: string): Count {
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
    return count(JSON.parse(readFileSync(file, 'utf8')) as Report, vitest.status === 0);
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function count(report: Report, green: boolean): Count {
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const failed = report.numFailedTests + brokenFiles.length;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && !green ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
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
