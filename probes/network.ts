import type { Phases, Reason, TlsFacts } from '#domain/check/result.ts';

/**
 * The port of the probes: what a probe may do to the outside. Adapters: edge/network.ts (Workers) and
 * core/runner/network.ts (Node). An adapter refuses forbidden addresses at connect time, on every call.
 */
export interface Network {
  /**
   * One HTTP exchange, without following redirects. Resolves when the response's head has arrived; the body
   * is read by the caller, or not at all. Rejects with NetworkFailure. When `signal` fires, also long after the
   * head, everything that belongs to the exchange is closed; the probe fires it at the end of each exchange.
   */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpExchange>;
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
  /** Decompressed. Ending the iteration early closes the connection. Rejects with NetworkFailure. */
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
  /** Resolves after `ms`, or rejects when `signal` fires. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}
