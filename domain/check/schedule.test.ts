import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { phaseMs, slotAfter, slotAtOrBefore, slotsBetween } from './schedule.ts';

const cadence = fc.record({
  monitorId: fc.uuid().map((id) => `mon_${id}`),
  intervalSeconds: fc.integer({ min: 5, max: 86_400 }),
});
const atMs = fc.integer({ min: 1e12, max: 4e12 });

describe('the grid', () => {
  it('has one slot in every interval, whenever one asks', () => {
    fc.assert(
      fc.property(cadence, atMs, (monitor, at) => {
        const interval = monitor.intervalSeconds * 1000;
        const slot = slotAtOrBefore(monitor, at);
        expect(slot).toBeLessThanOrEqual(at);
        expect(slot).toBeGreaterThan(at - interval);
        expect(slotAfter(monitor, at)).toBe(slot + interval);
        expect(slotAtOrBefore(monitor, slot)).toBe(slot);
        expect(slot % 250).toBe(0);
      }),
    );
  });

  it('is the same for a late, repeated or resumed alarm', () => {
    fc.assert(
      fc.property(
        cadence,
        atMs,
        fc.array(fc.integer({ min: 1, max: 500_000 }), { maxLength: 20 }),
        (monitor, from, steps) => {
          const collected: number[] = [];
          let now = from;
          for (const step of steps) {
            collected.push(...slotsBetween(monitor, now, now + step, 1e6));
            now += step;
          }
          expect(collected).toEqual(slotsBetween(monitor, from, now, 1e6));
        },
      ),
    );
  });

  it('keeps the newest slots when too many were missed', () => {
    const monitor = { monitorId: 'mon_a', intervalSeconds: 5 };
    const slots = slotsBetween(monitor, 0, 7 * 86_400_000, 100);
    expect(slots).toHaveLength(100);
    expect(slots.at(-1)).toBe(slotAtOrBefore(monitor, 7 * 86_400_000));
    expect(slots).toEqual([...slots].sort((a, b) => a - b));
  });

  it('spreads monitors over the interval', () => {
    const perSlot = new Map<number, number>();
    for (let index = 0; index < 24_000; index++) {
      const phase = phaseMs({ monitorId: `mon_${index}`, intervalSeconds: 60 });
      perSlot.set(phase, (perSlot.get(phase) ?? 0) + 1);
    }
    expect(perSlot.size).toBe(240);
    // Each quarter of a second has an expected count of 100; 50 is five standard deviations of a uniform distribution.
    for (const count of perSlot.values()) expect(Math.abs(count - 100)).toBeLessThan(50);
  });
});
