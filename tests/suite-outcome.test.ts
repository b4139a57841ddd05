import { describe, expect, it } from 'vitest';
import { outcomeOf } from './suite-outcome.ts';

const ROOT = '/project';

interface File {
  readonly status?: string;
  readonly message?: string;
  readonly tests?: readonly { fullName: string; status: string; failureMessages?: string[] }[];
}

function reportOf(files: readonly File[], counts: object = {}): string {
  return JSON.stringify({
    numPassedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    ...counts,
    testResults: files.map(({ status = 'passed', message = '', tests = [] }, index) => ({
      name: `${ROOT}/room/${index}.test.ts`,
      status,
      message,
      assertionResults: tests,
    })),
  });
}

describe('the outcome of a suite', () => {
  it('is green when all tests passed and vitest ended well', () => {
    const json = reportOf([{ tests: [{ fullName: 'a', status: 'passed' }] }], { numPassedTests: 1, numTodoTests: 2 });
    expect(outcomeOf(json, null, ROOT)).toEqual({ passed: 1, failed: 0, skipped: 2, failures: [] });
  });

  it('names each failed test with its file and its error, without the lines of packages', () => {
    const failureMessages = ['expected 1 to be 2\n    at room/0.test.ts:3\n    at node_modules/vitest/x.js:1'];
    const json = reportOf([{ status: 'failed', tests: [{ fullName: 'sums up', status: 'failed', failureMessages }] }]);
    const { failed, failures } = outcomeOf(json, 'vitest ended with 1', ROOT);
    expect(failed).toBe(1);
    expect(failures).toEqual(['room/0.test.ts > sums up\nexpected 1 to be 2\n    at room/0.test.ts:3']);
  });

  it.each([
    ['cannot be imported', []],
    ['has a hook that fails', [{ fullName: 'never ran', status: 'skipped' }]],
  ])('counts a file that %s as one failure', (_, tests) => {
    const json = reportOf([{ status: 'failed', message: 'hook broke', tests }]);
    expect(outcomeOf(json, 'vitest ended with 1', ROOT).failures).toEqual(['room/0.test.ts\nhook broke']);
  });

  it('refers to the output when the report does not name the failure', () => {
    const json = reportOf([{ status: 'failed', tests: [{ fullName: 'never ran', status: 'skipped' }] }]);
    expect(outcomeOf(json, 'vitest ended with 1', ROOT).failures).toEqual([
      'room/0.test.ts\na hook failed: see its output above',
    ]);
  });

  it('is red when vitest ended badly although no test failed', () => {
    const json = reportOf([{ tests: [{ fullName: 'a', status: 'passed' }] }], { numPassedTests: 1 });
    expect(outcomeOf(json, 'vitest ended with 1', ROOT).failed).toBe(1);
  });
});
