import { connect } from 'cloudflare:sockets';
import { isForbiddenHost } from '#domain/address.ts';
import { type HttpExchange, type HttpRequest, type Network, NetworkFailure, type ProbeClock } from '#probes/network.ts';
import { reasonOf } from './log.ts';

/**
 * What a probe may do in Workers: fetch, which dials, resolves and shakes hands out of our sight. So only the
 * time to the first byte is known, certificates are always verified, and the IP version is not ours to choose.
 */
export function workersNetwork(allowPrivateTargets: boolean): Network {
  return {
    async request(request, signal) {
      refuseUnsupported(request);
      if (!allowPrivateTargets) refuseForbidden(request.url);
      const startedMs = Date.now();
      const response = await send(request, signal);
      return {
        status: response.status,
        headers: [...response.headers],
        body: bodyOf(response, signal),
        phases: { ttfbMs: Date.now() - startedMs },
        tls: undefined,
        remoteAddress: undefined,
      } satisfies HttpExchange;
    },
  };
}

/** The clock of Workers: it moves with I/O, and there is no other. */
export const workersClock: ProbeClock = {
  monotonicMs: () => performance.now(),
  nowMs: () => Date.now(),
  sleep: (ms, signal) => scheduler.wait(ms, { signal }),
};

function refuseUnsupported({ verifyTls, ipVersion }: HttpRequest): void {
  if (!verifyTls) throw new NetworkFailure('unsupported_here', 'certificates are always verified at the edge');
  if (ipVersion !== 'any') throw new NetworkFailure('unsupported_here', 'the IP version cannot be chosen at the edge');
}

/**
 * Names are resolved by the platform, which does not route private addresses (Cloudflare) or refuses them when it
 * dials (the one-machine set-up); what can be seen in the URL is refused here.
 */
function refuseForbidden(url: string): void {
  const host = new URL(url).hostname;
  if (isForbiddenHost(host)) throw new NetworkFailure('address_refused', `${host} may not be monitored`);
}

async function send(request: HttpRequest, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(request.url, {
      method: request.method,
      headers: request.headers.map(([name, value]) => [name, value]),
      ...(request.body === undefined ? {} : { body: request.body }),
      redirect: 'manual',
      // A monitor wants the target's own answer, not one of Cloudflare's cache.
      cf: { cacheTtl: -1, cacheEverything: false },
      signal,
    });
  } catch (error) {
    throw await headFailure(request.url, error, signal);
  }
}

async function* bodyOf(response: Response, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  try {
    yield* response.body;
  } catch (error) {
    throw bodyFailure(error, signal);
  }
}

/** workerd's words for a connection that could not be made, or broke; everything else it keeps to itself. */
const CONNECTION_LOST = 'Network connection lost';
/** The dial that asks what went wrong is not part of the check: short, for the answer is needed now. */
const DIAGNOSIS_MS = 2_000;

/**
 * fetch says "Network connection lost." for refused and for reset, and "internal error" for an unknown name and for
 * a failed handshake (tried with workerd 1.20261102). Whether the port can be dialled tells them apart.
 */
async function headFailure(url: string, error: unknown, signal: AbortSignal): Promise<Error> {
  if (signal.aborted) return new NetworkFailure('timeout', 'the request was ended', { cause: error });
  const { hostname, port, protocol } = new URL(url);
  const dialled = await canDial(hostname, port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port));
  const lost = reasonOf(error).includes(CONNECTION_LOST);
  if (lost && dialled) {
    return new NetworkFailure('connection_reset', 'the connection was closed before an answer', { cause: error });
  }
  if (lost) return new NetworkFailure('connection_refused', 'the connection was refused', { cause: error });
  if (!dialled) return new NetworkFailure('dns_failure', `${hostname} could not be resolved`, { cause: error });
  if (protocol === 'https:') {
    return new NetworkFailure('tls_failure', 'the TLS handshake failed, or the certificate is not valid', {
      cause: error,
    });
  }
  return new NetworkFailure('protocol_error', 'the answer is not valid HTTP', { cause: error });
}

async function canDial(host: string, port: number): Promise<boolean> {
  const socket = connect({ hostname: host.replace(/^\[|\]$/g, ''), port });
  // The way it ends is known from `opened`.
  socket.closed.catch(() => undefined);
  try {
    return await Promise.race([socket.opened.then(() => true), scheduler.wait(DIAGNOSIS_MS).then(() => false)]);
  } catch {
    return false;
  } finally {
    socket.close().catch(() => undefined);
  }
}

function bodyFailure(error: unknown, signal: AbortSignal): Error {
  if (signal.aborted) return new NetworkFailure('timeout', 'the body was ended', { cause: error });
  if (reasonOf(error).includes(CONNECTION_LOST)) {
    return new NetworkFailure('connection_reset', 'the connection was closed inside the body', { cause: error });
  }
  return new NetworkFailure('body_unreadable', reasonOf(error), { cause: error });
}
