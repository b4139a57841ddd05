import type { OutcomeKind, Reason } from '#domain/check/result.ts';
import { NetworkFailure } from './network.ts';

/** Reasons that concern the probe and not its target. */
const OWN_FAULTS: ReadonlySet<Reason> = new Set(['probe_error', 'unsupported_here', 'location_unavailable']);
/** Messages of V8 and the runtimes for exhausted resources of the probe: memory, or a Worker's requests. */
const OWN_SHORTAGE = /allocation failed|out of memory|exceeded memory|too many subrequests/i;

/**
 * The outcome of an attempt that ended with an exception. Most exceptions are caused by targets, in unforeseen ways. An
 * unknown exception is therefore the target's failure: as the probe's own fault it would never alert anybody. The
 * probe's own faults are those that can be proved: a reason of OWN_FAULTS, or exhausted memory or requests.
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
