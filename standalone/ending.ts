/** Undoes one step of the start. */
export type Undo = () => void | Promise<void>;

/** Limit of the whole shutdown: supervisors kill after 10 s. */
const SHUTDOWN_TIMEOUT_MS = 9500;

/** Thrown by `Ending.checkpoint` to abandon the start. */
export class EndRequested extends Error {
  readonly code: number;

  constructor(code: number) {
    super('asked to end');
    this.code = code;
  }
}

/**
 * The orderly end of the process: what was started last ends first. Ctrl-C arrives twice (from the terminal and from
 * npm), so only the first signal counts. A signal during the start takes effect at the next checkpoint, when everything
 * that runs is registered.
 */
export class Ending {
  readonly #undo: Undo[] = [];
  /** The requested exit code; null without a request. */
  #requested: number | null = null;
  #ending: Promise<void> | null = null;
  #started = false;

  constructor() {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => this.#request(0));
    process.on('uncaughtException', (error) => {
      console.error(error);
      this.#request(1);
    });
  }

  add(...undo: Undo[]): void {
    this.#undo.push(...undo);
  }

  /** Called between two steps of the start. */
  checkpoint(): void {
    if (this.#requested !== null) throw new EndRequested(this.#requested);
  }

  /** From this call on a signal starts the shutdown at once instead of at a checkpoint. */
  started(): void {
    this.checkpoint();
    this.#started = true;
  }

  /** Undoes everything and exits. */
  now(code: number): Promise<void> {
    this.#ending ??= this.#end(code);
    return this.#ending;
  }

  async #end(code: number): Promise<void> {
    this.#setDeadline();
    for (let step = this.#undo.pop(); step !== undefined; step = this.#undo.pop()) await attempt(step);
    process.exit(code);
  }

  #request(code: number): void {
    if (this.#requested !== null) return;
    this.#requested = code;
    console.log('BlackTide is ending …');
    this.#setDeadline();
    if (this.#started) void this.now(code);
  }

  #setDeadline(): void {
    setTimeout(() => {
      console.error('BlackTide did not end in time and was cut off; nothing that was acknowledged is lost.');
      process.exit(1);
    }, SHUTDOWN_TIMEOUT_MS).unref();
  }
}

async function attempt(step: Undo): Promise<void> {
  try {
    await step();
  } catch (error) {
    console.error(`While ending: ${(error as Error).message}`);
  }
}
