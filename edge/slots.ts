/**
 * A Worker invocation may wait for six response heads at once; a seventh request queues in silence and its
 * timer would call that a timeout. So a check takes a slot first and starts its clock after that.
 */
export const SLOTS_MAX = 6;

/** A semaphore: runs at most `size` tasks at a time, in the order they came. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(size: number = SLOTS_MAX) {
    this.#free = size;
  }

  /** Runs the task once a slot is free. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    await this.#take();
    try {
      return await task();
    } finally {
      this.#release();
    }
  }

  #take(): Promise<void> | void {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
