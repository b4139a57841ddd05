/** Times in the reader's time zone, on a 24-hour clock. */

export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const clockSeconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const dayMonthYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const exact = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
});

/** 14:02 today; 20 Nov, 14:02 on another day; with the year in another year. */
export function formatMoment(iso: string, nowMs: number, seconds = false): string {
  const at = new Date(iso);
  const now = new Date(nowMs);
  const time = (seconds ? clockSeconds : clock).format(at);
  if (at.toDateString() === now.toDateString()) return time;
  return `${(at.getFullYear() === now.getFullYear() ? dayMonth : dayMonthYear).format(at)}, ${time}`;
}

/** Date, time to the second and zone, for a tooltip. */
export function formatExact(iso: string): string {
  return exact.format(new Date(iso));
}

/** 20 Nov 2026, for a calendar date without a zone. */
export function formatDate(date: string): string {
  return dayMonthYear.format(new Date(`${date}T12:00:00`));
}
