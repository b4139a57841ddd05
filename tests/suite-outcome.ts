import { relative } from 'node:path';

export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface Outcome extends Count {
  /** One text per failure: the test, its file and the first lines of its message. */
  readonly failures: readonly string[];
}

/** The part of vitest's JSON report that is used here. */
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

/** The report leaves out the error of a hook inside of `describe`. */
const IN_A_HOOK = 'a hook failed: see its output above';
/** Enough of a failure's message to see what was expected, with our own lines of its stack. */
const MESSAGE_LINES = 12;

/** What vitest's JSON report says; `end` is how vitest ended, null when it ended well. Throws when it is no report. */
export function outcomeOf(json: string, end: string | null, root: string): Outcome {
  const report = JSON.parse(json) as Report;
  const failures = report.testResults.flatMap((file) => {
    const name = relative(root, file.name);
    const failed = file.assertionResults.filter((test) => test.status === 'failed');
    // A hook or an import of the file failed, whatever its tests did.
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
