/** Units of work that take about a millisecond of one core: `npm run bench -- assertions` measures it. */
export const WORK_PER_MS = 1_000_000;

/**
 * Most work that judging one answer may take, all its assertions together. The slowest inputs that are allowed may take
 * 50 ms; the rest is left in reserve for a machine under load.
 */
export const ANSWER_WORK_MAX = 40 * WORK_PER_MS;

/** Judging needs more work than it may take. The message is the end of a sentence: "…, but it takes too much work". */
export class TooMuchWork extends Error {
  override readonly name = 'TooMuchWork';

  constructor(message = 'it takes too much work on an answer like this one') {
    super(message);
  }
}

/**
 * Counts the work of judging one answer. Code that loops over what a user wrote or a target sent spends units before each
 * portion of work, and is stopped when no units are left. A deadline is no alternative, because the clock stands still
 * while a Worker computes.
 */
export class WorkBudget {
  readonly #max: number;
  readonly #refusal: string | undefined;
  #left: number;
  #refused = false;

  /** `refusal` is the reason for a lower `max`, in words, when the answer itself is not the reason. */
  constructor(max = ANSWER_WORK_MAX, refusal?: string) {
    this.#max = max;
    this.#left = max;
    this.#refusal = refusal;
  }

  get spent(): number {
    return this.#max - this.#left;
  }

  /** True once more work was needed than was left. */
  get refused(): boolean {
    return this.#refused;
  }

  /** Throws `TooMuchWork` and spends nothing when less is left. */
  spend(units: number): void {
    if (units > this.#left) {
      this.#refused = true;
      throw new TooMuchWork(this.#refusal);
    }
    this.#left -= units;
  }
}
