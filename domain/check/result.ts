import { z } from 'zod';
import { derivedId, derivedTraceId, type Id } from '../base/id.ts';
import { storable } from '../base/short-text.ts';
import { tolerant } from '../base/tolerant.ts';
import { LOCATION_IDS, type LocationId } from './location.ts';
import { STATUS_MAX, STATUS_MIN } from './status-range.ts';

/** The result of one check at one location in one slot. */

/** `error` is a fault of the probe itself and never counts as the target being down. */
export const OUTCOMES = ['success', 'failure', 'timeout', 'error'] as const;
export type OutcomeKind = (typeof OUTCOMES)[number];

/** The reasons of this version. A newer edge may send others: see `reasonSchema`. */
export const REASONS = [
  // connecting
  'dns_failure',
  'connection_refused',
  'connection_reset',
  'network_unreachable',
  'connection_failed',
  'tls_failure',
  'certificate_invalid',
  'address_refused',
  // the exchange
  'timeout',
  'protocol_error',
  'too_many_redirects',
  'redirect_invalid',
  'body_too_large',
  'body_unreadable',
  // evaluating the answer
  'status_unexpected',
  'assertion_failed',
  'assertion_unevaluable',
  // faults of the probe itself
  'missed_slot',
  'overloaded',
  'location_unavailable',
  'probe_error',
  'unsupported_here',
] as const;
export type Reason = (typeof REASONS)[number];

/** A reason as it is read: one of this version, or one of a newer version, which is kept unchanged. */
export const reasonSchema = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9_]*$/);

const ms = z.number().min(0);
export const phasesSchema = z.strictObject({
  dnsMs: ms.optional(),
  connectMs: ms.optional(),
  tlsMs: ms.optional(),
  ttfbMs: ms.optional(),
  transferMs: ms.optional(),
});
export type Phases = z.infer<typeof phasesSchema>;

export const tlsFactsSchema = z.object({
  protocol: z.string().optional(),
  issuer: z.string().optional(),
  subject: z.string().optional(),
  notAfter: z.iso.datetime().optional(),
  fingerprintSha256: z.string().optional(),
});
export type TlsFacts = z.infer<typeof tlsFactsSchema>;

/** Longest free text in a result: enough for an assertion's expected and actual value. */
export const DETAIL_LENGTH_MAX = 500;
/** Lines of a transcript, which a person reads: one probe's steps, not a packet capture. */
export const TRANSCRIPT_LINES_MAX = 100;

/** Why the check failed, in words that may quote the target. */
export const detailSchema = z.string().max(DETAIL_LENGTH_MAX).overwrite(storable);

const outcomeShape = {
  outcome: z.enum(OUTCOMES),
  reason: reasonSchema.optional(),
  detail: detailSchema.optional(),
  /** Whole exchange including the body, in milliseconds; null when nothing was exchanged. */
  responseTimeMs: ms.nullable(),
  phases: phasesSchema.optional(),
  statusCode: z.int().min(STATUS_MIN).max(STATUS_MAX).optional(),
  bodyBytes: z.int().min(0).optional(),
  tls: tlsFactsSchema.optional(),
};

/** Answer of a probe: the outcome of one attempt, with a transcript of its steps. */
export const outcomeSchema = tolerant({
  ...outcomeShape,
  transcript: z.array(z.string().max(DETAIL_LENGTH_MAX)).max(TRANSCRIPT_LINES_MAX).optional(),
});
export type Outcome = z.infer<typeof outcomeSchema>;

/**
 * One row per monitor, location and slot. `scheduledAt` is the slot on the grid, or the time of the change that caused
 * an immediate round. Facts that only a newer version knows are kept unchanged beside the others.
 */
export const checkResultSchema = tolerant({
  id: z.string().startsWith('chk_'),
  monitorId: z.string().startsWith('mon_'),
  location: z.enum(LOCATION_IDS as [LocationId, ...LocationId[]]),
  /** The data centre that ran the check, as the runtime names it; null where the runtime does not. */
  colo: z.string().max(16).nullable(),
  scheduledAt: z.iso.datetime(),
  startedAt: z.iso.datetime(),
  ...outcomeShape,
  /** Attempts inside this round: 1, or more when a failure was checked again; 0 when no attempt was made. */
  attempts: z.int().min(0).max(10),
  manual: z.boolean(),
  traceId: z.string().length(32),
});
export type CheckResult = z.infer<typeof checkResultSchema>;

/** The derived id. Monitor, location, slot and `manual` name a result completely. */
export function resultId(monitorId: string, location: LocationId, scheduledAtMs: number, manual: boolean): Id<'chk'> {
  return derivedId('chk', scheduledAtMs, monitorId, location, manual ? 'manual' : 'grid');
}

/** The trace id of a round and of everything that follows from it. */
export function roundTraceId(monitorId: string, scheduledAtMs: number, manual: boolean): string {
  return derivedTraceId(monitorId, String(scheduledAtMs), manual ? 'manual' : 'grid');
}

/** True when the outcome is evidence about the target, and so has a vote; a probe's own fault is not. */
export function isVote(outcome: OutcomeKind): boolean {
  return outcome !== 'error';
}

/**
 * False for a check that was not made (missed, or refused by admission). Such a result does not make the monitor's
 * status fresher.
 */
export function wasMade({ attempts, outcome }: Pick<CheckResult, 'attempts' | 'outcome'>): boolean {
  return attempts > 0 || outcome !== 'error';
}

export function isFailure(outcome: OutcomeKind): boolean {
  return outcome === 'failure' || outcome === 'timeout';
}
