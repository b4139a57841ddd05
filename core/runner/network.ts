import http from 'node:http';
import https from 'node:https';
import { isIP, type TcpSocketConnectOpts } from 'node:net';
import { type ConnectionOptions, createSecureContext, rootCertificates, type SecureContext, TLSSocket } from 'node:tls';
import { guardedLookup } from '#core/platform/guarded-lookup.ts';
import type { Phases, TlsFacts } from '#domain/check/result.ts';
import { contentCodings } from '#probes/content-codings.ts';
import { type HttpExchange, type HttpRequest, type Network, NetworkFailure, type ProbeClock } from '#probes/network.ts';
import { DECODES, decompressed } from './decompress.ts';
import { networkFailure } from './network-failure.ts';

/**
 * Time for one address of several to connect before the next is tried. Node's 250 ms is too short for a healthy server
 * on another continent.
 */
const ADDRESS_ATTEMPT_MS = 1000;
/** Content codings that decompress.ts decodes. */
const ACCEPT_ENCODING = 'gzip, deflate, br, zstd';

export interface NodeNetworkOptions {
  /** Allows checks of private addresses: on a machine of one's own, or for a runner inside a private network. */
  readonly allowPrivateTargets: boolean;
  /** Certificates (PEM) that are trusted besides the public ones. */
  readonly extraCa?: string | undefined;
}

/**
 * Node's implementation of the Network port: a new connection for each exchange. Every check resolves, connects and
 * performs the TLS handshake like a first visitor, and its address is checked each time.
 */
export function createNodeNetwork(options: NodeNetworkOptions): Network {
  const ca = options.extraCa === undefined ? undefined : [...rootCertificates, options.extraCa];
  // Created once, because parsing the trust store costs more than a handshake.
  const secureContext = createSecureContext(ca === undefined ? {} : { ca });
  return {
    request: (request, signal) => exchange(request, signal, options.allowPrivateTargets, secureContext),
    decodes: DECODES,
    decode: decompressed,
  };
}

/** The clock of a Node process. */
export const NODE_CLOCK: ProbeClock = {
  monotonicMs: () => performance.now(),
  nowMs: () => Date.now(),
  after: (ms, fire) => {
    const timer = setTimeout(fire, ms);
    return () => clearTimeout(timer);
  },
};

/** Options that Node passes to the socket; its types omit two of them. */
type ConnectOptions = https.RequestOptions &
  Pick<ConnectionOptions, 'secureContext'> &
  Pick<TcpSocketConnectOpts, 'autoSelectFamilyAttemptTimeout'>;

function exchange(
  request: HttpRequest,
  signal: AbortSignal,
  allowPrivateTargets: boolean,
  secureContext: SecureContext,
): Promise<HttpExchange> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(networkFailure(error));
    try {
      const url = new URL(request.url);
      const guard = allowPrivateTargets ? {} : { lookup: guardedLookup(url, refusal) };
      refuseOtherVersion(url, request.ipVersion);
      const options: ConnectOptions = {
        method: request.method,
        headers: { 'Accept-Encoding': ACCEPT_ENCODING, ...Object.fromEntries(request.headers) },
        agent: false,
        family: request.ipVersion === 'any' ? 0 : Number(request.ipVersion),
        autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS,
        ...guard,
        rejectUnauthorized: request.verifyTls,
        secureContext,
        signal,
      };
      const outgoing = (url.protocol === 'https:' ? https : http).request(url, options);
      const watch = watchPhases(outgoing);
      outgoing.on('error', fail);
      // An exception in a listener would end the process, so it is turned into the check's failure.
      const answered = (response: http.IncomingMessage, body: HttpExchange['body']) => {
        try {
          resolve(answer(request, response, watch(), body));
        } catch (error) {
          outgoing.destroy();
          fail(error);
        }
      };
      outgoing.on('response', (response) => answered(response, bodyOf(response)));
      // The request asks for no other protocol. Without a listener Node drops an upgraded connection silently.
      outgoing.on('upgrade', (response, socket) => {
        answered(response, NO_BODY);
        socket.destroy();
      });
      // Sent as bytes: with a string body Node would encode the headers as UTF-8 instead of Latin-1, too.
      outgoing.end(request.body === undefined ? undefined : Buffer.from(request.body));
    } catch (error) {
      fail(error);
    }
  });
}

function refusal(message: string): NetworkFailure {
  return new NetworkFailure('address_refused', message);
}

function refuseOtherVersion(url: URL, wanted: HttpRequest['ipVersion']): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const version = isIP(host);
  if (wanted !== 'any' && version !== 0 && version !== Number(wanted)) {
    throw new NetworkFailure('network_unreachable', `${host} is not an IPv${wanted} address`);
  }
}

function answer(
  { method }: HttpRequest,
  response: http.IncomingMessage,
  phases: Phases,
  body: HttpExchange['body'],
): HttpExchange {
  const { socket } = response;
  const status = response.statusCode ?? 0;
  const headers = headerPairs(response.rawHeaders);
  return {
    status,
    headers,
    codings: contentCodings(method, status, headers),
    body,
    phases,
    tls: socket instanceof TLSSocket ? tlsFacts(socket) : undefined,
    remoteAddress: socket.remoteAddress,
  };
}

function headerPairs(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    pairs.push([(raw[index] ?? '').toLowerCase(), asUtf8(raw[index + 1] ?? '')]);
  }
  return pairs;
}

/**
 * Header text decoded as UTF-8, which Node decodes as Latin-1. The edge decodes UTF-8, so a check sees the same text in
 * both.
 */
function asUtf8(value: string): string {
  return Buffer.from(value, 'latin1').toString('utf8');
}

const NO_BODY: HttpExchange['body'] = {
  async *[Symbol.asyncIterator]() {},
};

function bodyOf(response: http.IncomingMessage): AsyncIterable<Uint8Array> {
  // A body that is not read may still fail. Without a listener the error would end the process.
  response.on('error', () => {});
  return {
    async *[Symbol.asyncIterator]() {
      try {
        yield* response as AsyncIterable<Uint8Array>;
      } catch (error) {
        throw networkFailure(error);
      } finally {
        response.destroy();
      }
    },
  };
}

/**
 * Measures the phases of a request by the events of its socket. The returned function gives the phases so far; it is
 * called when the head arrives.
 */
function watchPhases(outgoing: http.ClientRequest): () => Phases {
  const startedMs = performance.now();
  const at: { lookup?: number; connect?: number; secure?: number } = {};
  outgoing.on('socket', (socket) => {
    socket.once('lookup', () => {
      at.lookup = performance.now();
    });
    socket.once('connect', () => {
      at.connect = performance.now();
    });
    socket.once('secureConnect', () => {
      at.secure = performance.now();
    });
  });
  return () => {
    const ready = at.secure ?? at.connect ?? startedMs;
    return {
      ...(at.lookup === undefined ? {} : { dnsMs: at.lookup - startedMs }),
      ...(at.connect === undefined ? {} : { connectMs: at.connect - (at.lookup ?? startedMs) }),
      ...(at.secure === undefined ? {} : { tlsMs: at.secure - (at.connect ?? startedMs) }),
      ttfbMs: performance.now() - ready,
    };
  };
}

function tlsFacts(socket: TLSSocket): TlsFacts {
  const certificate = socket.getPeerCertificate();
  const protocol = socket.getProtocol();
  const notAfterMs = Date.parse(certificate.valid_to);
  return {
    ...(protocol === null ? {} : { protocol }),
    issuer: nameOf(certificate.issuer),
    subject: nameOf(certificate.subject),
    ...(Number.isNaN(notAfterMs) ? {} : { notAfter: new Date(notAfterMs).toISOString() }),
    fingerprintSha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

/** A distinguished name in the usual notation: "CN=example.com, O=Example". */
function nameOf(name: NodeJS.Dict<string | string[]> | object): string {
  return Object.entries(name)
    .map(([key, value]) => `${key}=${Array.isArray(value) ? value.join('+') : String(value)}`)
    .reverse()
    .join(', ');
}
