/**
 * Looks that the assertions about one answer may cost: in workerd three seconds at worst. Searching all of a
 * densely nested megabyte takes a quarter of it, all of a usual list of ten megabytes just fits.
 */
const LOOKS_MAX = 2_500_000;

/**
 * Size of a program times length of its text, for all searches about one answer: eight seconds of one core at the very
 * worst, and a dozen common patterns over a body of the default limit.
 */
const SEARCH_WORK_MAX = 500 * 1024 * 1024;

/**
 * Stops engines that are driven by users' expressions: JSONPath and JSON Schema can both be written so that a
 * short one runs for ever. What the engine is given counts how often it is looked into and throws in the end.
 * (A clock would not do: it stands still while a Worker computes.)
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

  /** The same value, counting looks into it and into everything inside it. */
  count<T>(value: T): T {
    if (typeof value !== 'object' || value === null) return value;
    const known = this.#counted.get(value);
    if (known !== undefined) return known as T;
    const counting = new Proxy<object>(value, this.#handler);
    this.#counted.set(value, counting);
    // What is already counting is not counted twice.
    this.#counted.set(counting, counting);
    return counting as T;
  }

  /** To be called before a regular expression is searched for: a path may find a million texts to search. */
  spendSearch(work: number): void {
    this.#searchLeft -= work;
    if (this.#searchLeft < 0) throw new Error('it takes too much work');
  }

  #spend(looks: number): void {
    this.#left -= looks;
    if (this.#left < 0) throw new Error('it takes too much work');
  }
}
