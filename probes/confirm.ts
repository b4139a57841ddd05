import { isFailure, type Outcome, TRANSCRIPT_LINES_MAX } from '#domain/check/result.ts';
import type { Network, ProbeClock } from './network.ts';
import type { Probe, ProbeTask } from './probe.ts';

export interface Confirmed {
  readonly outcome: Outcome;
  /** 1, or 2 when a failure was re-checked. */
  readonly attempts: number;
}

/**
 * Makes a check, and a second attempt at once after a failure, because a single lost packet is no outage. When the
 * second attempt succeeds or fails, its outcome is the answer. When the probe itself fails in the second attempt, the
 * first failure is.
 *
 * The second attempt has the same `timeoutMs`, so a check that times out twice takes twice as long. Rounds overlap, so
 * the next round is not delayed.
 */
export async function probeWithConfirmation<Config>(
  probe: Probe<Config>,
  task: ProbeTask<Config>,
  network: Network,
  clock: ProbeClock,
): Promise<Confirmed> {
  const first = await probe(task, network, clock);
  if (!isFailure(first.outcome)) return { outcome: first, attempts: 1 };
  const second = await probe(task, network, clock);
  const outcome = second.outcome === 'error' ? first : second;
  return { outcome: withBothStories(outcome, first, second), attempts: 2 };
}

function withBothStories(outcome: Outcome, first: Outcome, second: Outcome): Outcome {
  if (first.transcript === undefined || second.transcript === undefined) return outcome;
  const half = Math.floor((TRANSCRIPT_LINES_MAX - 1) / 2);
  const story = [...first.transcript.slice(0, half), 'Checked again at once:', ...second.transcript.slice(0, half)];
  return { ...outcome, transcript: story };
}
