import { DAY_MS } from '#domain/base/duration.ts';

/** Dates and counts in the page's words. Times are UTC, because a page is rendered once for all readers. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The last `count` UTC dates (`2026-11-22`), newest first, beginning with the day of `nowMs`. */
export function recentDates(nowMs: number, count: number): string[] {
  return Array.from({ length: count }, (_, back) => utcDate(nowMs - back * DAY_MS));
}

export function utcDate(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/** `2026-11-22` → `22 Nov 2026`. */
export function dateText(date: string): string {
  return `${dayMonthText(date)} ${date.slice(0, 4)}`;
}

function dayMonthText(date: string): string {
  return `${Number(date.slice(8, 10))} ${MONTHS[Number(date.slice(5, 7)) - 1]}`;
}

/** Two dates, the earlier first: `20 – 22 Nov 2026`, `28 Oct – 3 Nov 2026`, or one date. */
export function dateRangeText(from: string, to: string): string {
  if (from === to) return dateText(from);
  if (from.slice(0, 7) === to.slice(0, 7)) return `${Number(from.slice(8, 10))} – ${dateText(to)}`;
  if (from.slice(0, 4) === to.slice(0, 4)) return `${dayMonthText(from)} – ${dateText(to)}`;
  return `${dateText(from)} – ${dateText(to)}`;
}

/** `2026-11-22T14:02:10Z` → `22 Nov 2026, 14:02 UTC`. */
export function instantText(instant: string): string {
  const utc = new Date(instant).toISOString();
  return `${dateText(utc)}, ${utc.slice(11, 16)} UTC`;
}

/** `1 component`, `2 components`. */
export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
