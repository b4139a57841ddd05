import http from 'node:http';
import https from 'node:https';
import { guardedLookup } from './guarded-lookup.ts';

/** A request without an answer: `code` is stable, the message is for people. */
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
  /** Timeout of the whole exchange, from name resolution to the last byte read. */
  readonly timeoutMs: number;
  /** Bytes of the answer that are read; the rest is not. */
  readonly responseBytesMax: number;
  readonly allowPrivateTargets: boolean;
}

export interface EgressAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * One HTTP exchange with an address that a user configured. The address is checked when the socket is opened, after
 * name resolution, so neither DNS rebinding nor unusual spellings evade the check. Redirects are not followed, and
 * connections are not reused.
 */
export function egress(request: EgressRequest): Promise<EgressAnswer> {
  const url = new URL(request.url);
  const client = url.protocol === 'https:' ? https : http;
  return new Promise((resolveAnswer, reject) => {
    const outgoing = client.request(url, {
      method: request.method,
      headers: { ...request.headers, 'Content-Length': String(Buffer.byteLength(request.body)) },
      // Without an agent, because the address of a reused connection would not be checked again.
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
    // The request asks for no other protocol. Without a listener Node drops an upgraded connection silently.
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
    // Leaving the loop destroys the socket, so an endless answer is not read on.
    if (bytes >= bytesMax) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function asEgressError(error: unknown): EgressError {
  if (error instanceof EgressError) return error;
  const message = error instanceof Error ? error.message : String(error);
  // Happy eyeballs reports several failures as one error with an empty message.
  const code = (error as { code?: string }).code;
  return new EgressError('connection_failed', message || code || 'the connection failed');
}
