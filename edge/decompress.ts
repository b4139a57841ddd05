import type { ContentCoding } from '#probes/content-codings.ts';
import { NetworkFailure } from '#probes/network.ts';
import { reasonOf } from './log.ts';

/**
 * Content codings that DecompressionStream decodes in workerd (tried with 1.20261023). fetch itself decodes `br`, and only
 * under this exact name.
 */
export const DECODES: ReadonlySet<ContentCoding> = new Set(['gzip', 'deflate', 'deflate-raw'] as const);

/**
 * What may be unpacked at one time and not be read yet, in all bodies of this isolate. DecompressionStream unpacks whatever
 * it is given without waiting for its reader (tried with workerd 1.20261023), up to 1032-fold (RFC 1951).
 */
const UNPACKED_BYTES_MAX = 32 * 1024 * 1024;
const EXPANSION_MAX = 1032;
/** Compressed bytes handed over at once: more make no difference, and with fewer a body takes too many turns. */
const PIECE_BYTES_MAX = 8 * 1024;
const PIECE_BYTES_MIN = 512;
/** Bodies that are being unpacked. */
let active = 0;

/** The content of a body under one coding, as it arrives. Rejects with NetworkFailure. */
export async function* decompressed(
  coding: ContentCoding,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const { readable, writable } = new DecompressionStream(coding as 'gzip' | 'deflate' | 'deflate-raw');
  const reader: ReadableStreamDefaultReader<Uint8Array> = readable.getReader();
  const writer = writable.getWriter();
  let next = handled(reader.read());
  active += 1;
  try {
    for await (const piece of pieces(body)) {
      await decoding(handled(writer.write(piece)));
      for (let chunk = await readyOf(next); chunk !== null && !chunk.done; chunk = await readyOf(next)) {
        yield chunk.value;
        next = handled(reader.read());
      }
    }
    const closed = handled(writer.close());
    for (let chunk = await decoding(next); !chunk.done; chunk = await decoding(next)) {
      yield chunk.value;
      next = handled(reader.read());
    }
    await decoding(closed);
  } finally {
    active -= 1;
    handled(reader.cancel());
  }
}

async function* pieces(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    for (let from = 0; from < chunk.byteLength; ) {
      const piece = chunk.subarray(from, from + pieceBytes());
      from += piece.byteLength;
      yield piece;
    }
  }
}

/** The more bodies are unpacked, the smaller is what each is given at once. */
function pieceBytes(): number {
  const share = Math.floor(UNPACKED_BYTES_MAX / EXPANSION_MAX / active);
  return Math.min(PIECE_BYTES_MAX, Math.max(PIECE_BYTES_MIN, share));
}

/** What can be read without more input; null when the decoder waits for some. */
function readyOf<T>(next: Promise<T>): Promise<T | null> {
  return decoding(Promise.race([next, scheduler.wait(0).then(() => null)]));
}

async function decoding<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new NetworkFailure('body_unreadable', reasonOf(error), { cause: error });
  }
}

/** Marks a promise as handled, because nobody awaits it when the reading ends early. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
