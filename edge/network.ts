import { isForbiddenHost } from '#domain/base/address.ts';
import { isAsciiHeaderValue } from '#domain/base/header-syntax.ts';
import { readBounded, wholeBytes } from '#probes/bounded-body.ts';
import { contentCodings } from '#probes/content-codings.ts';
import { type HttpExchange, type HttpRequest, type Network, NetworkFailure, type ProbeClock } from '#probes/network.ts';
import { DECODES, decompressed } from './decompress.ts';
import type { Egress } from './env.ts';
import { bodyFailure, headFailure, mayBeSubstitute, SUBSTITUTE_BYTES_MAX, substituteFailure } from './fetch-failure.ts';
import { reasonOf } from './log.ts';

/** Content codings that fetch decodes in workerd, which compares the whole header with them (tried with 1.20261023). */
const UNDONE_BY_FETCH: ReadonlySet<string> = new Set(['gzip', 'br']);
/**
 * The network of a probe in Workers. fetch resolves, connects and negotiates TLS by itself: only the time to the first
 * byte is known, certificates are always verified, and the IP version cannot be chosen.
 */
export function workersNetwork(allowPrivateTargets: boolean, egress: Egress = globalThis): Network {
  return {
    async request(request, signal) {
      refuseUnsupported(request);
      if (!allowPrivateTargets) refuseForbidden(request.url);
      const startedMs = Date.now();
      const response = await dispatch(request, egress, signal);
      closeWith(signal, response);
      const body = await ownBody(response, signal);
      const headers = [...response.headers];
      return {
        status: response.status,
        headers,
        codings: isUndone(response) ? [] : contentCodings(request.method, response.status, headers),
        body,
        phases: { ttfbMs: Date.now() - startedMs },
        tls: undefined,
        remoteAddress: undefined,
      } satisfies HttpExchange;
    },
    decodes: DECODES,
    decode: decompressed,
  };
}

/** The clock of Workers, the only one there. It advances with I/O only. */
export const workersClock: ProbeClock = {
  monotonicMs: () => performance.now(),
  nowMs: () => Date.now(),
  after: (ms, fire) => {
    const timer = setTimeout(fire, ms);
    return () => clearTimeout(timer);
  },
};

function refuseUnsupported({ verifyTls, ipVersion, headers }: HttpRequest): void {
  if (!verifyTls) throw new NetworkFailure('unsupported_here', 'certificates are always verified at the edge');
  if (ipVersion !== 'any') throw new NetworkFailure('unsupported_here', 'the IP version cannot be chosen at the edge');
  // fetch sends other characters in UTF-8 (tried with workerd 1.20261023).
  const foreign = headers.find(([, value]) => !isAsciiHeaderValue(value));
  if (foreign !== undefined) {
    throw new NetworkFailure('unsupported_here', `the header ${foreign[0]} is not ASCII, and the edge sends no other`);
  }
}

/**
 * Names are resolved by the platform, which does not route private addresses (Cloudflare) or refuses them when it
 * dials (the one-machine set-up); what can be seen in the URL is refused here.
 */
function refuseForbidden(url: string): void {
  const host = new URL(url).hostname;
  if (isForbiddenHost(host)) throw new NetworkFailure('address_refused', `${host} may not be monitored`);
}

async function dispatch(request: HttpRequest, egress: Egress, signal: AbortSignal): Promise<Response> {
  const headers = headersOf(request);
  try {
    return await egress.fetch(request.url, {
      method: request.method,
      headers,
      ...(request.body === undefined ? {} : { body: request.body }),
      redirect: 'manual',
      // A check needs the target's own answer, not one from Cloudflare's cache.
      cf: { cacheTtl: -1, cacheEverything: false },
      signal,
    });
  } catch (error) {
    throw await headFailure(request.url, error, signal);
  }
}

/** Built before fetch is called: an error here is the edge's, not the target's. */
function headersOf(request: HttpRequest): Headers {
  try {
    return new Headers(request.headers.map(([name, value]) => [name, value]));
  } catch (error) {
    throw new NetworkFailure('probe_error', reasonOf(error), { cause: error });
  }
}

/**
 * Cancels what nobody has begun to read when the exchange is over; a body that is being read ends by the signal itself.
 * Without this workerd keeps the connection until its next garbage collection.
 */
function closeWith(signal: AbortSignal, response: Response): void {
  const close = () => {
    if (response.body?.locked === false) response.body.cancel().catch(() => undefined);
  };
  if (signal.aborted) close();
  else signal.addEventListener('abort', close, { once: true });
}

/** The target's body; throws the failure that Cloudflare's network tells in the place of a target. */
async function ownBody(response: Response, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  const body = isEmpty(response) ? NO_BODY : bodyOf(response, signal);
  if (!mayBeSubstitute(response)) return body;
  const read = await readBounded(body, SUBSTITUTE_BYTES_MAX);
  const failure = substituteFailure(response.status, new TextDecoder().decode(wholeBytes(read)));
  if (failure !== null) throw failure;
  return chunksOf(read.chunks);
}

const NO_BODY: AsyncIterable<Uint8Array> = { async *[Symbol.asyncIterator]() {} };

/** fetch fails on an empty body that has a content coding. */
function isEmpty(response: Response): boolean {
  return response.body === null || response.headers.get('content-length') === '0';
}

/** Longest announced body that is read at once. Reading it as a stream costs twice as much. */
const SMALL_BYTES_MAX = 64 * 1024;

/** False for a body whose length says nothing about its content. HTTP itself ends a body where its head says. */
function isSmall({ headers }: Response): boolean {
  const length = headers.get('content-length');
  return length !== null && Number(length) <= SMALL_BYTES_MAX && !headers.has('content-encoding');
}

function isUndone(response: Response): boolean {
  return UNDONE_BY_FETCH.has(response.headers.get('content-encoding') ?? '');
}

async function* chunksOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function* bodyOf(response: Response, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    if (isSmall(response)) yield new Uint8Array(await response.arrayBuffer());
    else if (response.body !== null) yield* inPieces(response.body);
  } catch (error) {
    throw bodyFailure(error, signal);
  }
}

/** Smallest and largest piece of a body that is read as a stream. */
const PIECE_BYTES_MIN = 4 * 1024;
const PIECE_BYTES_MAX = 64 * 1024;

/**
 * The body in pieces as large as what came before. By itself a stream yields 4 KiB at a time, and a mebibyte costs 10 ms
 * instead of 2 (measured with workerd 1.20261023). A body that stalls holds no more memory than it has sent.
 */
async function* inPieces(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader({ mode: 'byob' });
  let bytes = 0;
  try {
    for (let size = PIECE_BYTES_MIN; ; size = Math.min(PIECE_BYTES_MAX, Math.max(PIECE_BYTES_MIN, bytes))) {
      const { value, done } = await reader.readAtLeast(size, new Uint8Array(size));
      if (value !== undefined && value.byteLength > 0) {
        bytes += value.byteLength;
        yield value;
      }
      if (done) return;
    }
  } finally {
    // A body that is not wanted any more ends its connection.
    reader.cancel().catch(() => undefined);
  }
}
