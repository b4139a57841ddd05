/** One line of a suite's progress file: what began or ended, and when. */
export interface Step {
  readonly atMs: number;
  readonly kind: 'began' | 'ended';
  /** A file, or a file with a test or hook in it. */
  readonly what: string;
}

export function lineOf(step: Step): string {
  return `${JSON.stringify(step)}\n`;
}

/**
 * What the suite was at when its progress file was `text`: all that began and did not end, else what ended last. vitest
 * itself names a test when its file is over, so a suite that hangs names nothing.
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
