/** What was read of a body: never more than the limit, whatever the server sends. */
export interface Body {
  /** Decompressed bytes read, at most the limit. */
  readonly bytes: number;
  /** True when there was more. */
  readonly cut: boolean;
  /** Empty when the content was not to be kept. */
  readonly chunks: readonly Uint8Array[];
}

/**
 * Reads up to `bytesMax` decompressed bytes and stops there, so that a decompression bomb costs no more than
 * the limit. Content is kept only when somebody will look at it.
 */
export async function readBody(body: AsyncIterable<Uint8Array>, bytesMax: number, keep: boolean): Promise<Body> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    const room = bytesMax - bytes;
    const cut = chunk.byteLength > room;
    const kept = cut ? chunk.subarray(0, room) : chunk;
    bytes += kept.byteLength;
    if (keep) chunks.push(kept);
    if (cut) return { bytes, cut, chunks };
  }
  return { bytes, cut: false, chunks };
}

/** The body as text in the charset that Content-Type names, else UTF-8. Bytes that fit no character become U+FFFD. */
export function bodyText(body: Body, contentType: string | undefined): string {
  const decoder = decoderFor(contentType);
  const parts = body.chunks.map((chunk) => decoder.decode(chunk, { stream: true }));
  // A cut may have split a character; only a whole body is flushed.
  if (!body.cut) parts.push(decoder.decode());
  return parts.join('');
}

function decoderFor(contentType = '') {
  // A comma begins a second Content-Type line where the runtime joined them.
  const charset = /;\s*charset\s*=\s*["']?([^\s;,"']+)/i.exec(contentType)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset);
  } catch {
    // A charset that nobody knows: what is ASCII can still be read.
    return new TextDecoder();
  }
}
