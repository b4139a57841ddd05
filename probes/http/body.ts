import type { WorkBudget } from '#domain/assertion/work-budget.ts';
import { type BoundedBody, readBounded } from '../bounded-body.ts';
import { NetworkFailure } from '../network.ts';

/** The read part of an answer's decompressed body. */
export interface Body extends BoundedBody {
  /** Why the rest could not be read: its bytes do not match its coding. The connection itself did not fail. */
  readonly unreadable?: NetworkFailure;
}

/**
 * Reads up to `bytesMax` decompressed bytes and stops there, so that a decompression bomb costs no more than the limit.
 * Content is kept only if it is needed later: then `keep` is called before, and may throw.
 */
export async function readBody(
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
  keep: ((bytes: number) => void) | null,
): Promise<Body> {
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
 * The body as text: in the encoding of its byte order mark (Encoding standard, "decode"), else in the charset of
 * Content-Type, else in UTF-8. Invalid bytes become U+FFFD. Throws `TooMuchWork` when the body is too long to be decoded.
 */
export function bodyText(body: BoundedBody, contentType: string | undefined, budget: WorkBudget): string {
  const decoder = decoderFor(markOf(body.chunks) ?? charsetOf(contentType));
  if (body.chunks.length > 0) {
    budget.spend(body.bytes * (decoder.encoding === 'utf-8' ? UTF8_BYTE_WORK : OTHER_BYTE_WORK));
  }
  const parts = body.chunks.map((chunk) => decoder.decode(chunk, { stream: true }));
  // A cut may have split a character, so only a whole body is flushed.
  if (!body.cut) parts.push(decoder.decode());
  return parts.join('');
}

/** Units of work for decoding a byte. The other encodings are converted character by character. */
const UTF8_BYTE_WORK = 8;
const OTHER_BYTE_WORK = 35;

const MARKS: readonly (readonly [encoding: string, mark: readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16be', [0xfe, 0xff]],
  ['utf-16le', [0xff, 0xfe]],
];
const MARK_BYTES_MAX = 3;

/** The encoding of the byte order mark at the body's beginning; chunks may split the mark. */
function markOf(chunks: readonly Uint8Array[]): string | undefined {
  const start: number[] = [];
  for (const chunk of chunks) {
    if (start.length >= MARK_BYTES_MAX) break;
    start.push(...chunk.subarray(0, MARK_BYTES_MAX - start.length));
  }
  return MARKS.find(([, mark]) => mark.every((byte, index) => start[index] === byte))?.[0];
}

function charsetOf(contentType = ''): string {
  // Runtimes join two Content-Type lines with a comma, so the charset ends there.
  return /;\s*charset\s*=\s*["']?([^\s;,"']+)/i.exec(contentType)?.[1] ?? 'utf-8';
}

function decoderFor(charset: string) {
  try {
    return new TextDecoder(charset);
  } catch {
    // With an unknown charset the ASCII characters can still be read.
    return new TextDecoder();
  }
}
