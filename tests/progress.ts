/** One line of a suite's progress file: the start or the end of a file, test or hook. */
export interface Step {
  readonly atMs: number;
  readonly kind: 'began' | 'ended';
  /** The path of a file, followed by the name of a test or hook in it, if any. */
  readonly what: string;
}

export function lineOf(step: Step): string {
  return `${JSON.stringify(step)}\n`;
}

/**
 * The state of the suite whose progress file is `text`: all files, tests and hooks that have begun and not ended, or
 * the one that ended last. vitest itself names a test only when its file has ended, so a suite that hangs names none.
 */
export function storyOf(text: string, nowMs: number): string[] {
  const steps = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Step);
  const running = new Map<string, number>();
  for (const { kind, what, atMs } of steps) {
    if (kind === 'began') running.set(what, atMs);
    else running.delete(what);
  }
  if (running.size > 0) return [...running].map(([what, atMs]) => `running for ${seconds(nowMs - atMs)}: ${what}`);
  const last = steps.at(-1);
  if (last === undefined) return ['no file had begun'];
  return [`nothing was running; ${seconds(nowMs - last.atMs)} before, this ended: ${last.what}`];
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
