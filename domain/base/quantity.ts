/** Quantities formatted for people, with their unit and few significant digits. */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** "0.4 ms", "84 ms", "1.27 s", "12.7 s", "2 min 5 s": three significant digits. */
export function formatLatency(milliseconds: number): string {
  if (milliseconds < 9.95) return `${trimmed(milliseconds.toFixed(1))} ms`;
  if (Math.round(milliseconds) < SECOND_MS) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / SECOND_MS;
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  return formatDuration(milliseconds);
}

const UNITS = [
  { word: 'd', ms: 24 * 60 * MINUTE_MS },
  { word: 'h', ms: 60 * MINUTE_MS },
  { word: 'min', ms: MINUTE_MS },
  { word: 's', ms: SECOND_MS },
] as const;

/** The two largest units, rounded down: "3 d 4 h", "2 min 5 s", "40 s", "0 s". */
export function formatDuration(milliseconds: number): string {
  const first = UNITS.findIndex((unit) => milliseconds >= unit.ms);
  if (first < 0) return '0 s';
  const parts: string[] = [];
  let rest = milliseconds;
  for (const unit of UNITS.slice(first, first + 2)) {
    const amount = Math.floor(rest / unit.ms);
    rest -= amount * unit.ms;
    if (amount > 0) parts.push(`${amount} ${unit.word}`);
  }
  return parts.join(' ');
}

/** A stretch of time that was measured: as formatDuration, but what is shorter than a second is not nothing. */
export function formatSeconds(seconds: number): string {
  return seconds > 0 && seconds < 1 ? 'less than 1 s' : formatDuration(seconds * SECOND_MS);
}

/** Uptime as stored (see uptime.ts): "99.982 %", "100 %", "no data". Never rounds up to 100 or down to 0. */
export function formatPercent(percent: number | null): string {
  if (percent === null) return 'no data';
  if (percent <= 0 || percent >= 100) return `${Math.min(Math.max(percent, 0), 100)} %`;
  const held = Math.min(Math.max(percent, 0.001), 99.999);
  return `${trimmed(held.toFixed(3))} %`;
}

const KIBI = 1024;

/** "512 B", "1.5 KiB", "1 MiB". */
export function formatBytes(bytes: number): string {
  if (bytes < KIBI) return `${bytes} B`;
  if (bytes < KIBI * KIBI) return `${trimmed((bytes / KIBI).toFixed(1))} KiB`;
  return `${trimmed((bytes / KIBI / KIBI).toFixed(1))} MiB`;
}

function trimmed(decimal: string): string {
  return decimal.replace(/\.?0+$/, '');
}
