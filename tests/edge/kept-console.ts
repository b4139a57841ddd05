import { beforeEach } from 'vitest';

/**
 * Keeps what the edge logs during a test, and prints it only when the test fails. edge/vitest.config.ts switches
 * vitest's own interception off: it sends each line to the main process and waits for the answer when a file ends. A
 * line of a Durable Object waits for the next message of the test runner, so a line after the runner's last message
 * would keep the file from ending.
 */

/** Lines kept per test: enough to see a fault, and a bound for a test that logs in a loop. */
const LINES_MAX = 500;
const native = globalThis.console;
let lines: string[] = [];

function keep(...values: readonly unknown[]): void {
  if (lines.length < LINES_MAX) lines.push(values.map(String).join(' '));
}

globalThis.console = { ...native, debug: keep, error: keep, info: keep, log: keep, warn: keep };

beforeEach(({ task, onTestFailed }) => {
  lines = [];
  onTestFailed(() => native.log(`\nlogged during "${task.name}":\n${lines.join('\n')}`));
});
