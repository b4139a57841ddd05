import * as quantity from '#domain/base/quantity.ts';

/** Quantities in tables; a missing value is a dash. */

const NOTHING = '–';

/** 84 ms, 1.27 s, 12.3 s. */
export function formatLatency(milliseconds: number | null): string {
  return milliseconds === null ? NOTHING : quantity.formatLatency(milliseconds);
}

/** 99.982 %, 100 %. */
export function formatPercent(percent: number | null): string {
  return percent === null ? NOTHING : quantity.formatPercent(percent);
}

/** 1 monitor, 2 monitors. */
export function count(number: number, one: string, many: string = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}
