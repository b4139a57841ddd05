import type { Phases, Reason, TlsFacts } from '#domain/check/result.ts';
import type { ContentCoding } from './content-codings.ts';

/**
 * The port of the probes: their access to the network. Adapters: edge/network.ts (Workers) and core/runner/network.ts
 * (Node). An adapter refuses forbidden addresses at connect time, on every call.
 */
export interface Network {
  /**
   * One HTTP exchange, without following redirects. Resolves with the response's head; the caller reads the body, or
   * does not. Rejects with NetworkFailure. Header values are sent as Latin-1 bytes, or refused (`unsupported_here`).
   * When `signal` aborts, even long after the head, all resources of the exchange are closed; the probe aborts it at
   * the end of each exchange whose body it has not read to the end.
   */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpExchange>;
  /** The codings that `decode` supports. */
  readonly decodes: ReadonlySet<ContentCoding>;
  /**
   * Decodes one coding as a stream that does not read far ahead. Rejects with `body_unreadable` when the bytes do not
   * match the coding; rejections of `body` itself pass through.
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
  /** Codings of `body` that are not decoded yet, in the order applied; named as in content-codings.ts. */
  readonly codings: readonly string[];
  /** The encoded body. Ending the iteration early closes the connection. Rejects with NetworkFailure. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The phases that the runtime measured up to the head; the probe adds `transferMs`. */
  readonly phases: Phases;
  readonly tls: TlsFacts | undefined;
  readonly remoteAddress: string | undefined;
}

/** A failed exchange, with a reason of the closed taxonomy. */
export class NetworkFailure extends Error {
  readonly reason: Reason;
  constructor(reason: Reason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NetworkFailure';
    this.reason = reason;
  }
}

/** The clock of a probe, passed as an argument. */
export interface ProbeClock {
  /** Milliseconds of a monotonic clock. In Workers the clock advances with I/O only. */
  monotonicMs(): number;
  /** Wall clock, milliseconds since the epoch. */
  nowMs(): number;
  /** Calls `fire` once after `ms`, unless the function that it returns is called before. */
  after(ms: number, fire: () => void): () => void;
}
