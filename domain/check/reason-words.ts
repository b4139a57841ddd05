import type { Reason } from './result.ts';

const REASON_WORDS = {
  dns_failure: 'the name could not be resolved',
  connection_refused: 'connection refused',
  connection_reset: 'connection reset',
  network_unreachable: 'network unreachable',
  connection_failed: 'connection failed',
  tls_failure: 'TLS handshake failed',
  certificate_invalid: 'certificate not valid',
  address_refused: 'the address may not be monitored',
  timeout: 'timed out',
  protocol_error: 'not a valid HTTP answer',
  too_many_redirects: 'too many redirects',
  redirect_invalid: 'redirect to an invalid address',
  body_too_large: 'body larger than the limit',
  body_unreadable: 'body could not be read',
  status_unexpected: 'unexpected status',
  assertion_failed: 'assertion failed',
  assertion_unevaluable: 'assertion could not be evaluated',
  missed_slot: 'the check was missed',
  overloaded: 'the check was missed: too many checks were under way',
  location_unavailable: 'the location was not available',
  probe_error: 'the probe failed',
  unsupported_here: 'not possible from this location',
} as const satisfies Record<Reason, string>;

/**
 * A reason in plain words, for use after a colon: "4 of 6 locations failed: connection refused". The reason of a newer
 * version is shown by its name.
 */
export function reasonWords(reason: string): string {
  return Object.hasOwn(REASON_WORDS, reason) ? REASON_WORDS[reason as Reason] : reason.replaceAll('_', ' ');
}
