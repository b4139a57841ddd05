import { shortened } from '#domain/base/short-text.ts';
import type { ContentCoding } from '../content-codings.ts';
import { type HttpExchange, type Network, NetworkFailure } from '../network.ts';

/** Most codings of one body. No server needs more; curl has the same limit. */
const CODINGS_MAX = 5;
/** Longest quotation of a coding's name, because a target may send any text. */
const NAME_LENGTH_MAX = 40;
/** RFC 1950: length of the header that distinguishes a zlib frame from raw deflate. */
const ZLIB_HEADER_BYTES = 2;
const NOTHING = new Uint8Array();

type Bytes = AsyncIterable<Uint8Array>;

/** Why this network cannot decode the body; null when it can. */
export function codingProblem({ codings }: HttpExchange, network: Network): string | null {
  if (codings.length > CODINGS_MAX) return `the body is encoded ${codings.length} times`;
  const strange = codings.find((coding) => !network.decodes.has(coding as ContentCoding));
  return strange === undefined
    ? null
    : `the content coding "${shortened(strange, NAME_LENGTH_MAX)}" cannot be undone here`;
}

/**
 * A body with its codings decoded, streamed layer by layer. No layer reads ahead of its reader, so a decompression bomb
 * expands only as far as it is read. An empty body has no coding. Rejects with `body_unreadable` for a coding that
 * cannot be decoded.
 */
export function decodedBody(exchange: HttpExchange, network: Network): Bytes {
  const problem = codingProblem(exchange, network);
  return exchange.codings.reduceRight<Bytes>((body, coding) => layer(coding, body, network, problem), exchange.body);
}

async function* layer(coding: string, body: Bytes, network: Network, problem: string | null): Bytes {
  const { start, whole } = await peeked(body);
  if (start.byteLength === 0) return;
  if (problem !== null) throw new NetworkFailure('body_unreadable', problem);
  const spoken = coding === 'deflate' && !isZlib(start) ? 'deflate-raw' : coding;
  yield* network.decode(spoken as ContentCoding, whole);
}

/** RFC 1950, section 2.2: the method is 8, and the first two bytes are a multiple of 31. */
function isZlib([method = 0, flags = 0]: Uint8Array): boolean {
  return (method & 0x0f) === 8 && ((method << 8) | flags) % 31 === 0;
}

/** The first bytes of a body, and the body with them still included. */
async function peeked(body: Bytes): Promise<{ start: Uint8Array; whole: Bytes }> {
  const iterator = body[Symbol.asyncIterator]();
  let start: Uint8Array = NOTHING;
  while (start.byteLength < ZLIB_HEADER_BYTES) {
    const { done, value } = await iterator.next();
    if (done) break;
    start = joined(start, value);
  }
  return { start, whole: continued(start, iterator) };
}

async function* continued(start: Uint8Array, iterator: AsyncIterator<Uint8Array>): Bytes {
  try {
    yield start;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.byteLength === 0) return second;
  const both = new Uint8Array(first.byteLength + second.byteLength);
  both.set(first);
  both.set(second, first.byteLength);
  return both;
}
