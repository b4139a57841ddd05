import { connect } from 'cloudflare:sockets';
import type { Reason } from '#domain/check/result.ts';
import { NetworkFailure } from '#probes/network.ts';
import { unfinishedBy } from '#probes/unfinished.ts';
import { reasonOf } from './log.ts';

/** Finds the reason of a failed fetch. workerd's own messages do not distinguish most of them. */

/**
 * Cloudflare's network answers in the place of a target it could not reach: one of these statuses, with the body
 * "error code: 522" and nothing else (Cloudflare docs, "Cloudflare 5XX errors"; 530 carries a code of its own).
 */
const SUBSTITUTES: ReadonlyMap<number, readonly [Reason, string]> = new Map([
  [520, ['protocol_error', 'the answer is not valid HTTP']],
  [521, ['connection_refused', 'the connection was refused']],
  [522, ['timeout', 'the connection timed out']],
  [523, ['network_unreachable', 'there is no route to the target']],
  [524, ['timeout', 'the target did not answer']],
  [525, ['tls_failure', 'the TLS handshake failed']],
  [526, ['certificate_invalid', 'the certificate is not valid']],
  [530, ['dns_failure', 'the name could not be resolved']],
]);
/** Longest body that may be Cloudflare's, which has about 16 bytes. */
export const SUBSTITUTE_BYTES_MAX = 64;

/** Whether status and headers allow that Cloudflare made the answer. */
export function mayBeSubstitute({ status, headers }: Response): boolean {
  return SUBSTITUTES.has(status) && Number(headers.get('content-length') ?? Number.NaN) <= SUBSTITUTE_BYTES_MAX;
}

/** The failure behind an answer that is not the target's; null for an answer that is. */
export function substituteFailure(status: number, body: string): NetworkFailure | null {
  const substitute = SUBSTITUTES.get(status);
  const text = body.trim();
  if (substitute === undefined || !/^error code: \d+$/.test(text)) return null;
  const [reason, words] = substitute;
  return new NetworkFailure(reason, `${words} (${text})`);
}

/** workerd's messages for a connection that could not be made, or broke. */
const CONNECTION_LOST = 'Network connection lost';
/** workerd's messages for a body that does not match its content coding, such as "Gzip decompression failed.". */
const NOT_DECODED = /decompression failed|compressed stream/i;
/** Time limit of the connection that finds the reason. The check has failed already, and its result waits for this. */
const DIAGNOSIS_MS = 2_000;

/**
 * fetch says "Network connection lost." for refused and for reset, and "internal error" for an unknown name and for
 * a failed handshake (tried with workerd 1.20261102). Whether the port can be dialled tells them apart.
 */
export async function headFailure(url: string, error: unknown, signal: AbortSignal): Promise<Error> {
  if (signal.aborted) return new NetworkFailure('timeout', 'the request was ended', { cause: error });
  const known = unfinishedBy(error);
  if (known.outcome === 'error') return new NetworkFailure(known.reason, known.detail, { cause: error });
  const { hostname, port, protocol } = new URL(url);
  const dialled = await canDial(hostname, port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port));
  const lost = reasonOf(error).includes(CONNECTION_LOST);
  if (lost && dialled) {
    return new NetworkFailure(
      'connection_reset',
      'the connection was closed before an answer, or what came was no HTTP',
      { cause: error },
    );
  }
  if (lost) return new NetworkFailure('connection_refused', 'the connection was refused', { cause: error });
  if (!dialled) {
    return new NetworkFailure('dns_failure', `${hostname} could not be resolved or reached`, { cause: error });
  }
  if (protocol === 'https:') {
    return new NetworkFailure('tls_failure', 'the TLS handshake failed, or the certificate is not valid', {
      cause: error,
    });
  }
  return new NetworkFailure('protocol_error', 'the answer is not valid HTTP', { cause: error });
}

async function canDial(host: string, port: number): Promise<boolean> {
  let socket: Socket | undefined;
  try {
    // Throws at once for a host that it does not take.
    socket = connect({ hostname: host.replace(/^\[|\]$/g, ''), port });
    // `opened` reports the same failure.
    socket.closed.catch(() => undefined);
    return await Promise.race([socket.opened.then(() => true), scheduler.wait(DIAGNOSIS_MS).then(() => false)]);
  } catch {
    return false;
  } finally {
    socket?.close().catch(() => undefined);
  }
}

export function bodyFailure(error: unknown, signal: AbortSignal): Error {
  if (signal.aborted) return new NetworkFailure('timeout', 'the body was ended', { cause: error });
  if (reasonOf(error).includes(CONNECTION_LOST)) {
    return new NetworkFailure('connection_reset', 'the connection was closed inside the body', { cause: error });
  }
  const reason = NOT_DECODED.test(reasonOf(error)) ? 'body_unreadable' : 'protocol_error';
  return new NetworkFailure(reason, reasonOf(error), { cause: error });
}
