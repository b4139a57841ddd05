interface Pending<T> {
  readonly startedAtMs: number;
  readonly result: Promise<T>;
}

/** Lets work outlive the request that started it (`ExecutionContext.waitUntil`), because other visitors wait for it. */
export type KeepAlive = (work: Promise<unknown>) => void;

/** Work that one visitor does for all who need it at the same time. */
export class SharedWork<T> {
  readonly #clock: () => number;
  readonly #timeoutMs: number;
  readonly #pending = new Map<string, Pending<T>>();

  /** Work that is older than `timeoutMs` was lost with the request that ran it, and is begun again. */
  constructor(clock: () => number, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  run(key: string, work: () => Promise<T>, keepAlive: KeepAlive): Promise<T> {
    const pending = this.#pending.get(key);
    if (pending && this.#clock() - pending.startedAtMs < this.#timeoutMs) return pending.result;
    const result = work().finally(() => {
      if (this.#pending.get(key)?.result === result) this.#pending.delete(key);
    });
    this.#pending.set(key, { startedAtMs: this.#clock(), result });
    keepAlive(result);
    return result;
  }
}
