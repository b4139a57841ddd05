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
  /** Timeout from name resolution to the answer's head. */
  readonly timeoutMs: number;
  /** Bytes of the answer that are read; the rest is not. */
  readonly responseBytesMax: number;
  readonly allowPrivateTargets: boolean;
}

export interface EgressAnswer {
  readonly status: number;
  /** What arrived of the body, cut at `responseBytesMax`; empty when the head could not be read to its end. */
  readonly body: string;
  readonly retryAfter: string | undefined;
}

/**
 * Longest wait for the body after the head. The status is known by then, and the body is only stored for people to
 * read, so an answer that drips or never ends does not hold the attempt.
 */
const BODY_WAIT_MS = 2_000;
/** Beginning of an answer that is kept to find its status when its head is malformed. Interim answers are short. */
const START_BYTES_MAX = 4 * 1024;

/**
 * One HTTP exchange with an address that a user configured. The address is checked when the socket is opened, after
 * name resolution, so neither DNS rebinding nor unusual spellings evade the check. Redirects are not followed, and
 * connections are not reused.
 *
 * An exchange has an answer as soon as its status is known, whatever becomes of the rest: the receiver has decided by
 * then. A body that is cut short, malformed, endless or reset is what of it arrived.
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
      // Tolerates faults in an answer's headers and framing. Strictness protects the next exchange of a connection
      // from the end of this one, and a connection has one exchange.
      insecureHTTPParser: true,
      ...(request.allowPrivateTargets ? {} : { lookup: guardedLookup(url, refusal) }),
    });
    const timer = setTimeout(
      () => outgoing.destroy(new EgressError('timeout', `no answer within ${request.timeoutMs} ms`)),
      request.timeoutMs,
    );
    const start = keepStart(outgoing);
    outgoing.on('close', () => clearTimeout(timer));
    // Errors after the head are those of the body: the promise is settled by readBody then.
    let hasHead = false;
    outgoing.on('error', (error) => {
      if (hasHead) return;
      const status = isMalformed(error) ? statusIn(start()) : null;
      if (status === null) reject(asEgressError(error));
      else resolveAnswer({ status, body: '', retryAfter: undefined });
    });
    outgoing.on('response', (response) => {
      hasHead = true;
      clearTimeout(timer);
      void readBody(response, request.responseBytesMax).then((body) => {
        outgoing.destroy();
        resolveAnswer({ status: response.statusCode ?? 0, body, retryAfter: response.headers['retry-after'] });
      });
    });
    // The request asks for no other protocol. Without a listener Node drops an upgraded connection silently.
    outgoing.on('upgrade', (response, socket) => {
      socket.destroy();
      resolveAnswer({ status: response.statusCode ?? 0, body: '', retryAfter: undefined });
    });
    outgoing.end(request.body);
  });
}

function refusal(message: string): EgressError {
  return new EgressError('address_refused', message);
}

/** The beginning of the body. Resolves when it ends, breaks off, or has used up its bytes or time; never rejects. */
function readBody(response: http.IncomingMessage, bytesMax: number): Promise<string> {
  return new Promise((resolveBody) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = () => {
      clearTimeout(timer);
      resolveBody(Buffer.concat(chunks).toString('utf8'));
    };
    const timer = setTimeout(finish, BODY_WAIT_MS);
    response.on('data', (chunk: Buffer) => {
      if (bytes >= bytesMax) return;
      chunks.push(chunk.subarray(0, bytesMax - bytes));
      bytes += chunk.length;
      if (bytes >= bytesMax) finish();
    });
    response.on('error', finish);
    response.on('close', finish);
    response.on('end', finish);
  });
}

/** Keeps the first bytes of the answer as they come from the socket; returns a function that gives them as text. */
function keepStart(outgoing: http.ClientRequest): () => string {
  let start = Buffer.alloc(0);
  outgoing.once('socket', (socket) => {
    // Before the parser, which reports a malformed head from its own listener.
    socket.prependListener('data', (chunk: Buffer) => {
      if (start.length < START_BYTES_MAX) start = Buffer.concat([start, chunk.subarray(0, START_BYTES_MAX)]);
    });
  });
  return () => start.toString('latin1');
}

/** True for errors of Node's HTTP parser (llhttp), whose codes all begin so. */
function isMalformed(error: Error): boolean {
  return ((error as { code?: string }).code ?? '').startsWith('HPE_');
}

/** Status of the first answer in the text that is not an interim one (RFC 9110, section 15.2), or null. */
function statusIn(text: string): number | null {
  const line = /^HTTP\/1\.[01] (\d{3})(?=[ \r\n])/.exec(text);
  if (line === null) return null;
  const status = Number(line[1]);
  if (status >= 200) return status;
  const end = /\r?\n\r?\n/.exec(text);
  return end === null ? null : statusIn(text.slice(end.index + end[0].length));
}

function asEgressError(error: unknown): EgressError {
  if (error instanceof EgressError) return error;
  const message = error instanceof Error ? error.message : String(error);
  // Happy eyeballs reports several failures as one error with an empty message.
  const code = (error as { code?: string }).code;
  return new EgressError('connection_failed', message || code || 'the connection failed');
}
