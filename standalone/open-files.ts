import { execFileSync } from 'node:child_process';
import { LOCATION_IDS } from '#domain/check/location.ts';

/** What workerd opens beside checks: databases of objects, connections to the core, listeners, its own files. */
const OTHER_FILES = 256;
/** From here on the usual number of checks, and the connections that workerd keeps for some seconds after them, fit. */
const ENOUGH_FILES = 16_384;

/** How many files this process and its children may open, and what follows for checks. */
export interface OpenFiles {
  readonly limit: number;
  /** Checks at once, connections that are kept for a while after one included; null where files are no concern. */
  readonly checksMax: number | null;
}

/** Node raises its limit as far as it may (`ulimit -Hn`); its children inherit that. */
export function readOpenFiles(): OpenFiles {
  return openFilesOf(execFileSync('/bin/sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim());
}

/** `said` is what `ulimit -n` prints: a number, or "unlimited". */
export function openFilesOf(said: string): OpenFiles {
  const limit = said === 'unlimited' ? Number.POSITIVE_INFINITY : Number(said);
  return { limit, checksMax: limit >= ENOUGH_FILES ? null : Math.max(LOCATION_IDS.length, limit - OTHER_FILES) };
}

/** A sentence for people where the limit is low; null where it is not. */
export function openFilesSentence({ limit, checksMax }: OpenFiles): string | null {
  if (checksMax === null) return null;
  const monitors = Math.floor(checksMax / LOCATION_IDS.length).toLocaleString('en');
  return (
    `BlackTide may open ${limit.toLocaleString('en')} files (ulimit -n): enough for about ${monitors} monitors that are ` +
    `checked every 5 s from six locations. Checks beyond that are missed as overloaded; raise the limit for more.`
  );
}
