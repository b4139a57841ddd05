import { type BoundedBody, readBounded } from '../bounded-body.ts';
import { NetworkFailure } from '../network.ts';

/** What was read of an answer's decompressed body. */
export interface Body extends BoundedBody {
  /** Why no more of it could be read: its bytes are not what its coding promises. The connection itself held. */
  readonly unreadable?: NetworkFailure;
}

/**
 * Reads up to `bytesMax` decompressed bytes and stops there, so that a decompression bomb costs no more than
 * the limit. Content is kept only when somebody will look at it.
 */
export async function readBody(body: AsyncIterable<Uint8Array>, bytesMax: number, keep: boolean): Promise<Body> {
  const ended: { unreadable?: NetworkFailure } = {};
  const read = await readBounded(asFarAsReadable(body, ended), bytesMax, keep);
  return { ...read, ...ended };
}

async function* asFarAsReadable(body: AsyncIterable<Uint8Array>, ended: { unreadable?: NetworkFailure }) {
  try {
    yield* body;
  } catch (error) {
    if (!(error instanceof NetworkFailure) || error.reason !== 'body_unreadable') throw error;
    ended.unreadable = error;
  }
}

/**
 * The body as text: in the encoding of its byte order mark (Encoding standard, "decode"), else in the charset that
 * Content-Type names, else in UTF-8. Bytes that fit no character become U+FFFD.
 */
export function bodyText(body: BoundedBody, contentType: string | undefined): string {
  const decoder = decoderFor(markOf(body.chunks) ?? charsetOf(contentType));
  const parts = body.chunks.map((chunk) => decoder.decode(chunk, { stream: true }));
  // A cut may have split a character; only a whole body is flushed.
  if (!body.cut) parts.push(decoder.decode());
  return parts.join('');
}

const MARKS: readonly (readonly [encoding: string, mark: readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16be', [0xfe, 0xff]],
  ['utf-16le', [0xff, 0xfe]],
];
const MARK_BYTES_MAX = 3;

/** The encoding that a byte order mark at the body's beginning names; chunks may split it. */
function markOf(chunks: readonly Uint8Array[]): string | undefined {
  const start: number[] = [];
  for (const chunk of chunks) {
    if (start.length >= MARK_BYTES_MAX) break;
    start.push(...chunk.subarray(0, MARK_BYTES_MAX - start.length));
  }
  return MARKS.find(([, mark]) => mark.every((byte, index) => start[index] === byte))?.[0];
}

function charsetOf(contentType = ''): string {
  // A comma begins a second Content-Type line where the runtime joined them.
  return /;\s*charset\s*=\s*["']?([^\s;,"']+)/i.exec(contentType)?.[1] ?? 'utf-8';
}

function decoderFor(charset: string) {
  try {
    return new TextDecoder(charset);
  } catch {
    // A charset that nobody knows: what is ASCII can still be read.
    return new TextDecoder();
  }
}
