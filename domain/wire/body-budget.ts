/** First size of a body's buffer: most requests fit. A body of many tiny chunks costs no more than its bytes. */
const FIRST_BYTES = 4 * 1024;

/** A body that was read. Its room is taken until `release`: what was parsed from it lives as long. */
export interface HeldBody {
  readonly bytes: Uint8Array<ArrayBuffer>;
  release(): void;
}

/**
 * The bodies of requests that a process holds in memory at one time. Bytes are counted by the room that is reserved for
 * them, also while a body is still arriving and while its request is worked on.
 */
export class BodyBudget {
  readonly #bytesMax: number;
  readonly #ownerBytesMax: number;
  readonly #byOwner = new Map<string, number>();
  #bytes = 0;

  /** `ownerBytesMax` is the most that one owner (an organisation, an address) may take of it. */
  constructor(bytesMax: number, ownerBytesMax = bytesMax) {
    this.#bytesMax = bytesMax;
    this.#ownerBytesMax = ownerBytesMax;
  }

  /** Bytes that are taken now. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Reads a body of at most `bytesMax`. Answers `too_large` when it is larger, and `no_room` when the owner's share or
   * the budget is used up: then the caller may try again later. Nothing is held after either. Rejects when the body
   * breaks off.
   */
  async read(
    body: AsyncIterable<Uint8Array> | null,
    { bytesMax, owner }: { readonly bytesMax: number; readonly owner: string },
  ): Promise<HeldBody | 'too_large' | 'no_room'> {
    let room = new Uint8Array(0);
    let length = 0;
    const release = () => {
      this.#give(owner, room.byteLength);
      room = new Uint8Array(0);
    };
    try {
      for await (const chunk of body ?? []) {
        const needed = length + chunk.byteLength;
        if (needed > bytesMax) return refused(release, 'too_large');
        if (needed > room.byteLength) {
          const size = Math.min(bytesMax, Math.max(needed, 2 * room.byteLength, FIRST_BYTES));
          // The old room is given back after the new one is taken, because both exist while one is copied.
          if (!this.#take(owner, size)) return refused(release, 'no_room');
          const larger = new Uint8Array(size);
          larger.set(room.subarray(0, length));
          this.#give(owner, room.byteLength);
          room = larger;
        }
        room.set(chunk, length);
        length = needed;
      }
    } catch (error) {
      release();
      throw error;
    }
    return { bytes: room.subarray(0, length), release };
  }

  #take(owner: string, bytes: number): boolean {
    const ofOwner = (this.#byOwner.get(owner) ?? 0) + bytes;
    if (this.#bytes + bytes > this.#bytesMax || ofOwner > this.#ownerBytesMax) return false;
    this.#bytes += bytes;
    this.#byOwner.set(owner, ofOwner);
    return true;
  }

  #give(owner: string, bytes: number): void {
    const left = (this.#byOwner.get(owner) ?? 0) - bytes;
    this.#bytes -= bytes;
    if (left > 0) this.#byOwner.set(owner, left);
    else this.#byOwner.delete(owner);
  }
}

function refused<T extends string>(release: () => void, reason: T): T {
  release();
  return reason;
}
