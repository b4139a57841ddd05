/**
 * Most property reads that all assertions about one answer may cost: three seconds in workerd at worst. Searching a
 * densely nested megabyte takes a quarter of them; a common list of ten megabytes just fits.
 */
const LOOKS_MAX = 2_500_000;

/**
 * Largest sum of program size times text length, over all searches in one answer: at most about eight seconds of one
 * core. A dozen common patterns over a body of the default limit fit.
 */
const SEARCH_WORK_MAX = 500 * 1024 * 1024;

/**
 * Stops engines that are driven by users' expressions: a short JSONPath or JSON Schema can be written so that it runs
 * for ever. The value given to the engine counts the reads of its properties and throws when they exceed the budget. A
 * deadline would not work, because the clock stands still while a Worker computes.
 */
export class WorkBudget {
  #left: number;
  #searchLeft = SEARCH_WORK_MAX;
  readonly #counted = new WeakMap<object, object>();
  readonly #handler: ProxyHandler<object>;

  constructor(looks = LOOKS_MAX) {
    this.#left = looks;
    this.#handler = {
      get: (target, key) => {
        this.#spend(1);
        return this.count(Reflect.get(target, key));
      },
      has: (target, key) => {
        this.#spend(1);
        return Reflect.has(target, key);
      },
      ownKeys: (target) => {
        const keys = Reflect.ownKeys(target);
        this.#spend(1 + keys.length);
        return keys;
      },
    };
  }

  /** The same value, in a wrapper that counts reads of it and of everything inside it. */
  count<T>(value: T): T {
    if (typeof value !== 'object' || value === null) return value;
    const known = this.#counted.get(value);
    if (known !== undefined) return known as T;
    const counting = new Proxy<object>(value, this.#handler);
    this.#counted.set(value, counting);
    // A wrapped value is not wrapped again.
    this.#counted.set(counting, counting);
    return counting as T;
  }

  /** Called before each search with a regular expression, because a path may select a million texts to search. */
  spendSearch(work: number): void {
    this.#searchLeft -= work;
    if (this.#searchLeft < 0) throw new Error('it takes too much work');
  }

  #spend(looks: number): void {
    this.#left -= looks;
    if (this.#left < 0) throw new Error('it takes too much work');
  }
}
