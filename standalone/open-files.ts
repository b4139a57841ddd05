import { execFileSync } from 'node:child_process';
import { LOCATION_IDS } from '#domain/check/location.ts';

/** Files that workerd opens besides checks: databases of objects, connections to the core, listeners, its own files. */
const OTHER_FILES = 256;
/**
 * Above this limit the usual number of checks fits, with the connections that workerd keeps for some seconds after
 * them.
 */
const ENOUGH_FILES = 16_384;

/** The limit of open files of this process and its children, and the number of checks that it allows. */
export interface OpenFiles {
  readonly limit: number;
  /**
   * Most concurrent checks, including connections that are kept for a while after one; null when files are no limit.
   */
  readonly checksMax: number | null;
}

/** Node raises its own limit to the hard limit (`ulimit -Hn`), and its children inherit it. */
export function readOpenFiles(): OpenFiles {
  return openFilesOf(execFileSync('/bin/sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim());
}

/** `said` is the output of `ulimit -n`: a number, or "unlimited". */
export function openFilesOf(said: string): OpenFiles {
  const limit = said === 'unlimited' ? Number.POSITIVE_INFINITY : Number(said);
  return { limit, checksMax: limit >= ENOUGH_FILES ? null : Math.max(LOCATION_IDS.length, limit - OTHER_FILES) };
}

/** A sentence for people when the limit is low; null otherwise. */
export function openFilesSentence({ limit, checksMax }: OpenFiles): string | null {
  if (checksMax === null) return null;
  const monitors = Math.floor(checksMax / LOCATION_IDS.length).toLocaleString('en');
  return (
    `BlackTide may open ${limit.toLocaleString('en')} files (ulimit -n): enough for about ${monitors} monitors that are ` +
    `checked every 5 s from six locations. Checks beyond that are missed as overloaded; raise the limit for more.`
  );
}
