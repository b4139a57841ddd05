import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCATION_IDS } from '../check/location.ts';
import { resultId, roundTraceId } from '../check/result.ts';
import { derivedId, derivedTraceId, isId, newId } from './id.ts';

const random = fc.uint8Array({ minLength: 10, maxLength: 16 });
const timeMs = fc.integer({ min: 0, max: 2 ** 48 - 1 });

describe('ids', () => {
  it('are recognised by their own prefix only', () => {
    fc.assert(
      fc.property(timeMs, random, (time, bytes) => {
        const id = newId('mon', time, bytes);
        expect(isId('mon', id)).toBe(true);
        expect(isId('inc', id)).toBe(false);
        expect(id).toHaveLength('mon_'.length + 26);
      }),
    );
  });

  it('sort by the time they were made', () => {
    fc.assert(
      fc.property(timeMs, timeMs, random, random, (a, b, first, second) => {
        fc.pre(a < b);
        expect(newId('evt', a, first) < newId('evt', b, second)).toBe(true);
      }),
    );
  });

  it('refuse too little randomness and what is no id', () => {
    expect(() => newId('mon', 0, new Uint8Array(9))).toThrow(RangeError);
    for (const text of ['', 'mon_', 'mon_z0000000000000000000000000', 'mon_0000000000000000000000000u', 'mon-0']) {
      expect(isId('mon', text), text).toBe(false);
    }
  });

  it('are equal exactly when derived from equal parts', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 4 }), fc.array(fc.string(), { maxLength: 4 }), (a, b) => {
        fc.pre(!a.concat(b).some((part) => part.includes('\u0000')) && a.length > 0 && b.length > 0);
        const same = JSON.stringify(a) === JSON.stringify(b);
        expect(derivedId('alr', 1, ...a) === derivedId('alr', 1, ...b)).toBe(same);
        expect(derivedTraceId(...a) === derivedTraceId(...b)).toBe(same);
      }),
    );
  });

  it('name every result of an hour of fifty monitors differently', () => {
    const ids = new Set<string>();
    let made = 0;
    for (let monitor = 0; monitor < 50; monitor++) {
      for (const location of LOCATION_IDS) {
        for (let slot = 0; slot < 60; slot++) {
          ids.add(resultId(`mon_${monitor}`, location, slot * 60_000, false));
          ids.add(resultId(`mon_${monitor}`, location, slot * 60_000, true));
          made += 2;
        }
      }
    }
    expect(ids.size).toBe(made);
  });

  it('give every location of a round one trace, in the shape of W3C trace ids', () => {
    expect(roundTraceId('mon_1', 5000, false)).toMatch(/^[0-9a-f]{32}$/);
    expect(roundTraceId('mon_1', 5000, false)).not.toBe(roundTraceId('mon_1', 5000, true));
  });
});
