import { describe, expect, it } from 'vitest';
import { lineOf, type Step, storyOf } from './progress.ts';

function progressOf(...steps: readonly [atMs: number, kind: Step['kind'], what: string][]): string {
  return steps.map(([atMs, kind, what]) => lineOf({ atMs, kind, what })).join('');
}

describe('the story of a suite that hangs', () => {
  it('names the file and the test that were running, and for how long', () => {
    const text = progressOf(
      [0, 'began', 'edge/a.test.ts'],
      [1_000, 'began', 'edge/a.test.ts > comes'],
      [2_000, 'ended', 'edge/a.test.ts > comes'],
      [3_000, 'began', 'edge/a.test.ts > goes'],
    );
    expect(storyOf(text, 63_000)).toEqual([
      'running for 63 s: edge/a.test.ts',
      'running for 60 s: edge/a.test.ts > goes',
    ]);
  });

  it('names what ended last when vitest hangs between two files', () => {
    const text = progressOf([0, 'began', 'edge/a.test.ts'], [2_000, 'ended', 'edge/a.test.ts']);
    expect(storyOf(text, 12_000)).toEqual(['nothing was running; 10 s before, this ended: edge/a.test.ts']);
  });

  it('says that no file had begun', () => {
    expect(storyOf('', 1_000)).toEqual(['no file had begun']);
  });
});
