import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dailyUptime, type SpanTally, sumTallies, uptimePercent } from './uptime.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const START = Date.UTC(2026, 10, 1);

function hour(startMs: number, upSeconds: number, downSeconds: number, unknownSeconds = 0): SpanTally {
  const rounds = { up: upSeconds / 5, down: downSeconds / 5, unknown: unknownSeconds / 5 };
  return { startMs, ...rounds, upSeconds, downSeconds, unknownSeconds };
}

describe('uptime', () => {
  it.each([
    ['all up', 720, 0, 100],
    ['all down', 0, 720, 0],
    ['half', 360, 360, 50],
    ['to three decimals', 2, 1, 66.667],
    ['one bad second in a million is not 100 %', 999_999, 1, 99.999],
    ['one good second in a million is not 0 %', 1, 999_999, 0.001],
    ['nothing judged is not a number', 0, 0, null],
  ])('%s', (_reason, upSeconds, downSeconds, percent) => {
    expect(uptimePercent({ upSeconds, downSeconds })).toBe(percent);
  });

  it('is 100 or 0 only when it is exactly that', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (up, down) => {
        const percent = uptimePercent({ upSeconds: up, downSeconds: down });
        expect(percent === 100).toBe(down === 0 && up > 0);
        expect(percent === 0).toBe(up === 0 && down > 0);
        if (percent !== null) expect(Math.abs(percent - (100 * up) / (up + down))).toBeLessThanOrEqual(0.001);
      }),
    );
  });

  it('leaves out time of which nobody knows', () => {
    const day = sumTallies([hour(START, 3500, 0, 100), hour(START + HOUR, 1750, 1750, 100)]);
    expect(day).toEqual({
      up: 1050,
      down: 350,
      unknown: 40,
      upSeconds: 5250,
      downSeconds: 1750,
      unknownSeconds: 200,
    });
    expect(uptimePercent(day)).toBe(75);
  });

  it('sums to the same, however the parts are grouped', () => {
    const tally = fc.record({
      up: fc.nat(1e6),
      down: fc.nat(1e6),
      unknown: fc.nat(1e6),
      upSeconds: fc.nat(1e6),
      downSeconds: fc.nat(1e6),
      unknownSeconds: fc.nat(1e6),
    });
    fc.assert(
      fc.property(fc.array(tally), fc.array(tally), (a, b) => {
        expect(sumTallies([sumTallies(a), sumTallies(b), sumTallies([])])).toEqual(sumTallies([...a, ...b]));
      }),
    );
  });
});

describe('daily bars', () => {
  it('give each UTC day its share, and a day without data a gap', () => {
    const hours = [hour(START + 23 * HOUR, 10, 0), hour(START + 2 * DAY, 25, 25), hour(START + 9 * DAY, 0, 1)];
    expect(dailyUptime(hours, START, START + 3 * DAY)).toEqual([
      { date: '2026-11-01', uptimePercent: 100, downSeconds: 0, measuredSeconds: 10 },
      { date: '2026-11-02', uptimePercent: null, downSeconds: 0 },
      { date: '2026-11-03', uptimePercent: 50, downSeconds: 25, measuredSeconds: 50 },
    ]);
  });

  it('cover every day that the window touches', () => {
    expect(dailyUptime([], START + 12 * HOUR, START + 89 * DAY + 12 * HOUR)).toHaveLength(90);
    expect(dailyUptime([], START, START)).toEqual([]);
  });
});
