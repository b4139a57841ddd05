/** The read part of a body, never more than the limit. */
export interface BoundedBody {
  /** Bytes read, at most the limit. */
  readonly bytes: number;
  /** True when the body continued after the limit. */
  readonly cut: boolean;
  /** Empty when the content was not kept. */
  readonly chunks: readonly Uint8Array[];
}

/**
 * Reads up to `bytesMax` of a body and stops there, which ends the body's iteration. `keep` is null when only the number
 * of bytes is wanted; else it is called before bytes are kept, and may throw.
 */
export async function readBounded(
  body: AsyncIterable<Uint8Array> | null,
  bytesMax: number,
  keep: ((bytes: number) => void) | null = () => undefined,
): Promise<BoundedBody> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  if (body === null) return { bytes, cut: false, chunks };
  for await (const chunk of body) {
    const room = bytesMax - bytes;
    const cut = chunk.byteLength > room;
    const kept = cut ? chunk.subarray(0, room) : chunk;
    bytes += kept.byteLength;
    if (keep !== null) {
      keep(kept.byteLength);
      chunks.push(kept);
    }
    if (cut) return { bytes, cut, chunks };
  }
  return { bytes, cut: false, chunks };
}

/** The bytes in one array. */
export function wholeBytes({ bytes, chunks }: BoundedBody): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(bytes);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}
