interface Entry<T> {
  readonly value: T;
  readonly bytes: number;
}

/** A small entry without a body costs about this much, so that a sum of bytes bounds the number of entries too. */
const ENTRY_BYTES = 512;

/** A map that drops its least recently written entries when their sizes exceed a sum. */
export class BoundedBytes<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get(key: string): T | undefined {
    return this.#entries.get(key)?.value;
  }

  set(key: string, value: T, bytes: number): void {
    this.#delete(key);
    this.#entries.set(key, { value, bytes: bytes + ENTRY_BYTES });
    this.#bytes += bytes + ENTRY_BYTES;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#delete(oldest);
    }
  }

  #delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}
