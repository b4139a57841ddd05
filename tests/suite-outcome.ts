import { relative } from 'node:path';

export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface Outcome extends Count {
  /** One text per failure: file, test and the first lines of the message. */
  readonly failures: readonly string[];
}

/** The members of vitest's JSON report that are read. */
interface Report {
  readonly numPassedTests: number;
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

/** The text for a failed hook inside of `describe`, whose error is missing from the report. */
const IN_A_HOOK = 'a hook failed: see its output above';
/** Lines of a failure's message: the expectation and the project's own lines of the stack fit in. */
const MESSAGE_LINES = 12;

/** Reads vitest's JSON report. `end` says how vitest ended; null means code 0. Throws when `json` is not a report. */
export function outcomeOf(json: string, end: string | null, root: string): Outcome {
  const report = JSON.parse(json) as Report;
  const failures = report.testResults.flatMap((file) => {
    const name = relative(root, file.name);
    const failed = file.assertionResults.filter((test) => test.status === 'failed');
    // A failed file without a failed test has a hook or an import that failed.
    if (file.status === 'failed' && failed.length === 0) return [`${name}\n${firstLines(file.message) || IN_A_HOOK}`];
    return failed.map((test) => `${name} > ${test.fullName}\n${firstLines(test.failureMessages?.join('\n'))}`);
  });
  if (failures.length === 0 && end !== null) failures.push(`${end} although no test failed: see its output above`);
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
