import { type Duplex, pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { NetworkFailure } from '#probes/network.ts';

/** What createDecoder below can undo, as the value of Accept-Encoding. */
export const ACCEPT_ENCODING = 'gzip, deflate, br, zstd';
/** More layers than this serve no honest purpose; curl draws the same line. */
const CODINGS_MAX = 5;

/**
 * The decompressed content of a body, layer by layer, as it arrives. Each layer holds one chunk at a time and
 * waits for its reader, so a bomb expands only as far as somebody reads. Throws NetworkFailure for a coding
 * that is not known.
 */
export function decompressed(body: Readable, contentEncoding: string | undefined): Readable {
  const codings = (contentEncoding ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  if (codings.length > CODINGS_MAX) {
    throw new NetworkFailure('body_unreadable', `the body is compressed ${codings.length} times`);
  }
  // The last coding was applied last. Errors reach the reader through the stream itself.
  return codings.reduceRight((inner, coding) => pipeline(inner, createDecoder(coding), () => {}), body);
}

function createDecoder(coding: string): Duplex {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    case 'zstd':
      return createZstdDecompress();
    default:
      throw new NetworkFailure('body_unreadable', `the content coding "${coding.slice(0, 40)}" is not known`);
  }
}
