import { murmur3 } from '#domain/base/id.ts';

/** The same numbers for the same seed. */
export class SeededRandom {
  readonly #seed: number;
  #drawn = 0;

  constructor(seed: number, stream: string) {
    this.#seed = murmur3(stream, seed);
  }

  /** In [0, 1). */
  number(): number {
    this.#drawn += 1;
    return murmur3(String(this.#drawn), this.#seed) / 2 ** 32;
  }

  between(from: number, to: number): number {
    return from + this.number() * (to - from);
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[Math.floor(this.number() * choices.length)];
    if (choice === undefined) throw new Error('nothing to pick from');
    return choice;
  }
}
