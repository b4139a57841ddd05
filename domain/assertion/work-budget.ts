/**
 * Most work that judging one answer may take, all its assertions together. A unit of work is about a nanosecond of one
 * core: `npm run bench -- assertions` measures the slowest inputs that are allowed, and none of them may take 50 ms.
 * Cheap units are left in reserve, because a machine under load takes longer for each.
 */
export const ANSWER_WORK_MAX = 30_000_000;

/** Judging needs more work than it may take. The message is the end of a sentence: "…, but it takes too much work". */
export class TooMuchWork extends Error {
  override readonly name = 'TooMuchWork';

  constructor(message = 'it takes too much work on an answer like this one') {
    super(message);
  }
}

/**
 * Counts the work of judging one answer. Whoever loops over what a user wrote or a target sent spends units before each
 * portion of work, and is stopped when none are left. A deadline would not do: the clock stands still while a Worker
 * computes.
 */
export class WorkBudget {
  readonly #max: number;
  readonly #refusal: string | undefined;
  #left: number;

  /** `refusal` says why there is no more, where that is not the answer's own fault. */
  constructor(max = ANSWER_WORK_MAX, refusal?: string) {
    this.#max = max;
    this.#left = max;
    this.#refusal = refusal;
  }

  get spent(): number {
    return this.#max - this.#left;
  }

  /** Throws `TooMuchWork` and spends nothing when less is left. */
  spend(units: number): void {
    if (units > this.#left) throw new TooMuchWork(this.#refusal);
    this.#left -= units;
  }
}
