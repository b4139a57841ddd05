import type { OutcomeKind, Reason } from '#domain/check/result.ts';
import { NetworkFailure } from './network.ts';

/** Reasons that are about the probe, not about its target. */
const OWN_FAULTS: ReadonlySet<Reason> = new Set(['probe_error', 'unsupported_here', 'location_unavailable']);
/** V8 and the runtimes in their own words, when what ran out is ours: memory, or a Worker's share of requests. */
const OWN_SHORTAGE = /allocation failed|out of memory|exceeded memory|too many subrequests/i;

/**
 * What an attempt came to that ended by an exception. A target is what makes most of them happen, in ways that nobody
 * foresaw: an unknown exception is its failure, for taken as ours it would alert nobody, ever. Ours is what can be proved
 * to be: a reason that says so, or memory and requests that ran out.
 */
export function unfinishedBy(error: unknown): { outcome: OutcomeKind; reason: Reason; detail: string } {
  const detail = error instanceof Error ? error.message || error.name : String(error);
  const reason = reasonOf(error, detail);
  return { outcome: outcomeOf(reason), reason, detail };
}

function reasonOf(error: unknown, detail: string): Reason {
  if (error instanceof NetworkFailure) return error.reason;
  return OWN_SHORTAGE.test(detail) ? 'probe_error' : 'protocol_error';
}

function outcomeOf(reason: Reason): OutcomeKind {
  if (OWN_FAULTS.has(reason)) return 'error';
  return reason === 'timeout' ? 'timeout' : 'failure';
}
