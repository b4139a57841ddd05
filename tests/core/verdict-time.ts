import type { VerdictStatus } from '#domain/check/status.ts';
import type { Tally } from '#domain/figures/uptime.ts';

export interface Verdict {
  readonly atMs: number;
  readonly status: VerdictStatus;
  readonly intervalSeconds: number;
}

/**
 * The definition of uptime in its simplest form: the number and duration of one monitor's verdicts in
 * [fromMs, untilMs). Tests compare the sums of the database with it.
 */
export function verdictTime(verdicts: readonly Verdict[], fromMs: number, untilMs: number): Tally {
  const sorted = verdicts.toSorted((one, other) => one.atMs - other.atMs);
  const tally = { up: 0, down: 0, unknown: 0, upSeconds: 0, downSeconds: 0, unknownSeconds: 0 };
  for (const [index, { atMs, status, intervalSeconds }] of sorted.entries()) {
    const endMs = Math.min(sorted[index + 1]?.atMs ?? Number.POSITIVE_INFINITY, atMs + intervalSeconds * 1000);
    const stoodMs = Math.max(0, Math.min(endMs, untilMs) - Math.max(atMs, fromMs));
    const verdict = status === 'degraded' ? 'up' : status;
    tally[`${verdict}Seconds`] += stoodMs / 1000;
    if (atMs >= fromMs && atMs < untilMs) tally[verdict]++;
  }
  return tally;
}
