import type { Logger } from 'pino';

export interface Loop {
  /** Runs the work now, or once more after the running turn. */
  wake(): void;
  /** Starts no new turn; resolves when the running one has ended. */
  close(): Promise<void>;
}

/**
 * Runs `work` repeatedly: at once when it returns `more` or the loop is woken, otherwise after `pollMs`. An error is
 * logged and ends the turn, not the loop.
 */
export function startLoop(options: {
  readonly name: string;
  readonly pollMs: number;
  readonly logger: Logger;
  readonly work: () => Promise<'more' | 'idle'>;
}): Loop {
  let closed = false;
  let woken = false;
  let interrupt: () => void = () => {};

  async function run(): Promise<void> {
    while (!closed) {
      woken = false;
      const outcome = await turn();
      if (outcome === 'more' || woken || closed) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, options.pollMs);
        interrupt = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async function turn(): Promise<'more' | 'idle'> {
    try {
      return await options.work();
    } catch (error) {
      if (!closed) options.logger.error({ err: error, loop: options.name }, 'a turn of the loop failed');
      // The wake-up is cleared after an error too; otherwise a failing database would be queried without a pause.
      woken = false;
      return 'idle';
    }
  }

  const running = run();
  return {
    wake() {
      woken = true;
      interrupt();
    },
    async close() {
      closed = true;
      interrupt();
      await running;
    },
  };
}
