import { beforeEach } from 'vitest';

/**
 * What the edge logs during a test is kept, and shown only when the test fails. vitest's own interception sends each line
 * to its main process and waits for the answer when a file ends. A line of a Durable Object waits for the next message of
 * the test runner; when it is written after the runner's last message, the file never ends. So it is switched off in
 * edge/vitest.config.ts, and lines stay here.
 */
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
