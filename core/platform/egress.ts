import http from 'node:http';
import https from 'node:https';
import { guardedLookup } from './guarded-lookup.ts';

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
    const outgoing = client.request(url, {
      method: request.method,
      headers: { ...request.headers, 'Content-Length': String(Buffer.byteLength(request.body)) },
      // No agent: a kept connection would skip the judgement of its address.
      agent: false,
      ...(request.allowPrivateTargets ? {} : { lookup: guardedLookup(url, refusal) }),
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

function refusal(message: string): EgressError {
  return new EgressError('address_refused', message);
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
