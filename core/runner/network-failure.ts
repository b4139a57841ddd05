import type { Reason } from '#domain/check/result.ts';
import { NetworkFailure } from '#probes/network.ts';
import { unfinishedBy } from '#probes/unfinished.ts';

/** Reasons of Node's error codes. */
const REASON_OF_CODE: Readonly<Record<string, Reason>> = {
  ENOTFOUND: 'dns_failure',
  ENODATA: 'dns_failure',
  EAI_AGAIN: 'dns_failure',
  EAI_FAIL: 'dns_failure',
  EAI_NODATA: 'dns_failure',
  ECONNREFUSED: 'connection_refused',
  ECONNRESET: 'connection_reset',
  ECONNABORTED: 'connection_reset',
  EPIPE: 'connection_reset',
  ERR_STREAM_PREMATURE_CLOSE: 'connection_reset',
  ENETUNREACH: 'network_unreachable',
  EHOSTUNREACH: 'network_unreachable',
  ENETDOWN: 'network_unreachable',
  EADDRNOTAVAIL: 'network_unreachable',
  ETIMEDOUT: 'timeout',
  ERR_SOCKET_CONNECTION_TIMEOUT: 'timeout',
  ABORT_ERR: 'timeout',
  EPROTO: 'tls_failure',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate_invalid',
  CERT_HAS_EXPIRED: 'certificate_invalid',
  CERT_NOT_YET_VALID: 'certificate_invalid',
  CERT_REVOKED: 'certificate_invalid',
  CERT_UNTRUSTED: 'certificate_invalid',
  CERT_REJECTED: 'certificate_invalid',
  CERT_SIGNATURE_FAILURE: 'certificate_invalid',
  CERT_CHAIN_TOO_LONG: 'certificate_invalid',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate_invalid',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate_invalid',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate_invalid',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate_invalid',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate_invalid',
  INVALID_CA: 'certificate_invalid',
  INVALID_PURPOSE: 'certificate_invalid',
  HOSTNAME_MISMATCH: 'certificate_invalid',
  // A shortage on this machine is no evidence about the target.
  EMFILE: 'probe_error',
  ENFILE: 'probe_error',
  ENOBUFS: 'probe_error',
  ENOMEM: 'probe_error',
  EAI_MEMORY: 'probe_error',
  ERR_MEMORY_ALLOCATION_FAILED: 'probe_error',
  // A request that could not be sent at all.
  ERR_INVALID_CHAR: 'probe_error',
  ERR_INVALID_HTTP_TOKEN: 'probe_error',
  ERR_HTTP_INVALID_HEADER_VALUE: 'probe_error',
};

/** Families of codes: OpenSSL's, the HTTP parser's, and the decompressors'. */
const REASON_OF_PREFIX: readonly (readonly [prefix: string, reason: Reason])[] = [
  ['ERR_SSL_', 'tls_failure'],
  ['ERR_TLS_', 'tls_failure'],
  ['HPE_', 'protocol_error'],
  ['ERR_HTTP_', 'protocol_error'],
  ['Z_', 'body_unreadable'],
  ['ERR_BROTLI', 'body_unreadable'],
  ['ERR__ERROR_FORMAT', 'body_unreadable'],
  ['ERR_PADDING', 'body_unreadable'],
  ['ZSTD_', 'body_unreadable'],
];

/** The reason of an exception of Node. Unknown system errors are `connection_failed`. */
export function networkFailure(error: unknown): NetworkFailure {
  if (error instanceof NetworkFailure) return error;
  // Happy eyeballs reports one failure per address in one error. The first address was the preferred one.
  if (error instanceof AggregateError && error.errors.length > 0) return networkFailure(error.errors[0]);
  const code = codeOf(error);
  const message = error instanceof Error && error.message !== '' ? error.message : (code ?? 'the connection failed');
  const reason = code === undefined ? unfinishedBy(error).reason : reasonOf(code);
  return new NetworkFailure(reason, message, { cause: error });
}

function reasonOf(code: string): Reason {
  const known = REASON_OF_CODE[code];
  if (known !== undefined) return known;
  const family = REASON_OF_PREFIX.find(([prefix]) => code.startsWith(prefix));
  return family?.[1] ?? (code.startsWith('ERR_') ? 'protocol_error' : 'connection_failed');
}

function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
