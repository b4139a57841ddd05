import { isForbiddenHost } from '#domain/base/address.ts';
import { type HttpExchange, type HttpRequest, type Network, NetworkFailure, type ProbeClock } from '#probes/network.ts';
import { bodyFailure, headFailure, substituteFailure } from './fetch-failure.ts';

/**
 * The content codings that workerd undoes, as it spells them (tried with workerd 1.20261102): what is in another one, or
 * in several, reaches us as it came.
 */
const UNDONE_CODINGS: ReadonlySet<string> = new Set(['', 'identity', 'gzip', 'br']);

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
  const response = await dispatch(request, signal);
  const failure = await substituteFailure(response);
  if (failure !== null) throw failure;
  return response;
}

async function dispatch(request: HttpRequest, signal: AbortSignal): Promise<Response> {
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
  const coding = response.headers.get('content-encoding') ?? '';
  try {
    for await (const bytes of response.body) {
      if (!UNDONE_CODINGS.has(coding)) {
        throw new NetworkFailure('body_unreadable', `the content coding "${coding}" cannot be undone at the edge`);
      }
      yield bytes;
    }
  } catch (error) {
    throw error instanceof NetworkFailure ? error : bodyFailure(error, signal);
  }
}
