import type { Phases, Reason, TlsFacts } from '#domain/check/result.ts';
import type { ContentCoding } from './content-codings.ts';

/**
 * The port of the probes: what a probe may do to the outside. Adapters: edge/network.ts (Workers) and
 * core/runner/network.ts (Node). An adapter refuses forbidden addresses at connect time, on every call.
 */
export interface Network {
  /**
   * One HTTP exchange, without following redirects. Resolves when the response's head has arrived; the body
   * is read by the caller, or not at all. Rejects with NetworkFailure; header values go out as Latin-1 bytes, or not at
   * all (`unsupported_here`). When `signal` fires, also long after the
   * head, everything that belongs to the exchange is closed; the probe fires it at the end of each exchange whose body
   * was not read to its end.
   */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpExchange>;
  /** The codings that `decode` undoes. */
  readonly decodes: ReadonlySet<ContentCoding>;
  /**
   * Undoes one coding as the body arrives, never far ahead of its reader. Rejects with `body_unreadable` where the bytes
   * are not what the coding promises; what `body` itself rejects with passes through.
   */
  decode(coding: ContentCoding, body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | undefined;
  readonly verifyTls: boolean;
  readonly ipVersion: 'any' | '4' | '6';
}

export interface HttpExchange {
  readonly status: number;
  /** Names in lower case, in the order received. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** What is still to be undone on `body`, applied last at the end; in the words of content-codings.ts. */
  readonly codings: readonly string[];
  /** With `codings` still on it. Ending the iteration early closes the connection. Rejects with NetworkFailure. */
  readonly body: AsyncIterable<Uint8Array>;
  /** What the runtime could see up to the head; the probe adds `transferMs`. */
  readonly phases: Phases;
  readonly tls: TlsFacts | undefined;
  readonly remoteAddress: string | undefined;
}

/** The exchange did not happen, and why, in the closed taxonomy. */
export class NetworkFailure extends Error {
  readonly reason: Reason;
  constructor(reason: Reason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NetworkFailure';
    this.reason = reason;
  }
}

/** Time as an argument. */
export interface ProbeClock {
  /** Milliseconds on a clock that only moves forward. In Workers it moves with I/O. */
  monotonicMs(): number;
  /** Wall clock, milliseconds since the epoch. */
  nowMs(): number;
  /** Calls `fire` once after `ms`, unless the function that it returns is called before. */
  after(ms: number, fire: () => void): () => void;
}
