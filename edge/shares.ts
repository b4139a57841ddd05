/**
 * Places that several owners take from a common number. An owner may hold as many as stay free (the dynamic threshold of
 * Choudhury and Hahne, 1998): one owner takes half of them at most, two take a third each, and an owner that has none
 * always finds some.
 */
export class Shares {
  readonly #byOwner = new Map<string, number>();
  #taken = 0;

  /** How many more of `max` places the owner may take. */
  allowed(owner: string, max: number): number {
    return Math.floor((max - this.#taken - (this.#byOwner.get(owner) ?? 0)) / 2);
  }

  take(owner: string): void {
    this.#taken += 1;
    this.#byOwner.set(owner, (this.#byOwner.get(owner) ?? 0) + 1);
  }

  give(owner: string): void {
    const left = (this.#byOwner.get(owner) ?? 0) - 1;
    this.#taken -= 1;
    if (left > 0) this.#byOwner.set(owner, left);
    else this.#byOwner.delete(owner);
  }
}
