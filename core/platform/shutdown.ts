import type { Logger } from 'pino';

/** The shutdown takes at most ten seconds: nine for the steps, of which a hanging one uses at most four. */
const TOTAL_MS = 9_000;
const STEP_TIMEOUT_MS = 4_000;
/** Least time of a step after the others have used the total. */
const STEP_MIN_MS = 100;

/** Closes what was started, in reverse order. */
export class Shutdown {
  readonly #logger: Logger;
  readonly #steps: { name: string; close: () => Promise<void> }[] = [];
  #closing: Promise<void> | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Registers how to close a started part. */
  add(name: string, close: () => Promise<void>): void {
    this.#steps.push({ name, close });
  }

  /** Closes everything once. A step that fails or hangs is logged and skipped. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    const deadline = performance.now() + TOTAL_MS;
    for (const step of this.#steps.toReversed()) {
      const left = Math.max(STEP_MIN_MS, deadline - performance.now());
      try {
        await withDeadline(step.close(), Math.min(STEP_TIMEOUT_MS, left));
      } catch (error) {
        this.#logger.error({ err: error, step: step.name }, 'could not be ended in order');
      }
    }
  }
}

async function withDeadline(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`did not end within ${ms} ms`)), ms);
  });
  try {
    await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
