import { type Duplex, pipeline, Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib';
import type { ContentCoding } from '#probes/content-codings.ts';
import { networkFailure } from './network-failure.ts';

const DECODERS: Readonly<Record<ContentCoding, () => Duplex>> = {
  gzip: createGunzip,
  deflate: createInflate,
  'deflate-raw': createInflateRaw,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

export const DECODES: ReadonlySet<ContentCoding> = new Set(Object.keys(DECODERS) as ContentCoding[]);

/**
 * The decoded content of a body with one coding, streamed. The decoder holds one chunk and waits for its reader, so a
 * decompression bomb expands only as far as it is read. Rejects with NetworkFailure.
 */
export async function* decompressed(
  coding: ContentCoding,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  // Errors, those of the body included, reach the reader through the stream itself.
  const decoder = pipeline(Readable.from(body), DECODERS[coding](), () => {});
  try {
    yield* decoder as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw networkFailure(error);
  }
}
