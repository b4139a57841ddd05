import { type LookupAddress, lookup as resolve } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isForbiddenAddress } from '#domain/address.ts';

/** A request that did not come to an answer: `code` is stable, the message is for people. */
export class EgressError extends Error {
  readonly code: 'timeout' | 'connection_failed' | 'address_refused';
  constructor(code: EgressError['code'], message: string) {
    super(message);
    this.name = 'EgressError';
    this.code = code;
  }
}

export interface EgressRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For the whole exchange, from the name's resolution to the last byte read. */
  readonly timeoutMs: number;
  /** The rest of a longer answer is not read. */
  readonly responseBytesMax: number;
  readonly allowPrivateTargets: boolean;
}

export interface EgressAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * One HTTP exchange with an address that a user named. The address is judged when the socket is made, after the
 * name was resolved, so neither DNS rebinding nor odd spellings get around it. Redirects are not followed and
 * connections are not kept.
 */
export function egress(request: EgressRequest): Promise<EgressAnswer> {
  const url = new URL(request.url);
  const client = url.protocol === 'https:' ? https : http;
  return new Promise((resolveAnswer, reject) => {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    // A literal address is dialled without a lookup, so it is judged here.
    if (!request.allowPrivateTargets && isIP(host) !== 0 && isForbiddenAddress(host)) {
      reject(new EgressError('address_refused', `${host} is not a public address`));
      return;
    }
    const outgoing = client.request(url, {
      method: request.method,
      headers: { ...request.headers, 'Content-Length': String(Buffer.byteLength(request.body)) },
      // No agent: a kept connection would skip the judgement of its address.
      agent: false,
      lookup: guardedLookup(request.allowPrivateTargets),
    });
    const timer = setTimeout(
      () => outgoing.destroy(new EgressError('timeout', `no answer within ${request.timeoutMs} ms`)),
      request.timeoutMs,
    );
    outgoing.on('close', () => clearTimeout(timer));
    outgoing.on('error', (error) => reject(asEgressError(error)));
    outgoing.on('response', (response) => {
      readBody(response, request.responseBytesMax).then(
        (body) => resolveAnswer({ status: response.statusCode ?? 0, body }),
        (error: unknown) => reject(asEgressError(error)),
      );
    });
    // Nobody asked for another protocol; without a listener Node drops the connection and says nothing.
    outgoing.on('upgrade', (response, socket) => {
      socket.destroy();
      resolveAnswer({ status: response.statusCode ?? 0, body: '' });
    });
    outgoing.end(request.body);
  });
}

function guardedLookup(allowPrivateTargets: boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, '');
      const usable = allowPrivateTargets ? addresses : addresses.filter((one) => !isForbiddenAddress(one.address));
      const [first] = usable;
      if (first === undefined) {
        return callback(new EgressError('address_refused', `${hostname} does not lead to a public address`), '');
      }
      if (options.all) return callback(null, usable);
      callback(null, first.address, first.family);
    });
  };
}

async function readBody(response: http.IncomingMessage, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, bytesMax - bytes));
    bytes += chunk.length;
    // Leaving the loop destroys the socket: nobody makes us read for ever.
    if (bytes >= bytesMax) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function asEgressError(error: unknown): EgressError {
  if (error instanceof EgressError) return error;
  const message = error instanceof Error ? error.message : String(error);
  // Happy eyeballs reports several failures as one with an empty message.
  const code = (error as { code?: string }).code;
  return new EgressError('connection_failed', message || code || 'the connection failed');
}
