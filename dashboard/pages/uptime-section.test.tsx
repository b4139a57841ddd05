import { expect, test } from 'vitest';
import type { Uptime } from '#domain/api/monitor-answers.ts';
import { describeDay, shownWindows } from './uptime-section.tsx';

function uptime(since: string | null): Uptime {
  const rounds = { upRounds: 1, downRounds: 0, unknownRounds: 0, upSeconds: 60, downSeconds: 0, unknownSeconds: 0 };
  const [from, to] = ['2026-11-21T14:00:00.000Z', '2026-11-22T14:20:00.000Z'];
  return { window: '24h', from, to, since, uptimePercent: 100, days: [], ...rounds };
}
const named = (...sinces: (string | null)[]) =>
  shownWindows(sinces.map(uptime)).map(({ window, uptime }) => uptime?.since ?? window);

test('a window that verdicts do not cover is named by its first verdict, and said once', () => {
  const first = '2026-11-22T09:50:00.000Z';
  expect(named(first, first, first, first)).toEqual([first]);
  expect(named(null, null, first, first)).toEqual(['24h', '7d', first]);
  expect(named(null, null, null, null)).toEqual(['24h', '7d', '30d', '90d']);
  // Paused for a week in between: the longer windows are covered from their beginning on.
  expect(named(null, first, null, null)).toEqual(['24h', first, '30d', '90d']);
});

test('windows that are not loaded yet have their place', () => {
  expect(shownWindows([undefined, undefined, undefined, undefined])).toHaveLength(4);
});

test('a day says of how much time its percentage is', () => {
  const day = { date: '2026-11-22', uptimePercent: 75, downSeconds: 900 };
  expect(describeDay(day)).toBe('22 Nov 2026: 75 %, down for 15 min');
  expect(describeDay({ ...day, measuredSeconds: 3600 })).toBe('22 Nov 2026: 75 % of 1 h measured, down for 15 min');
  expect(describeDay({ ...day, downSeconds: 0.2 })).toBe('22 Nov 2026: 75 %, down for less than 1 s');
  expect(describeDay({ ...day, uptimePercent: 100, downSeconds: 0 })).toBe('22 Nov 2026: 100 %, no downtime');
});
