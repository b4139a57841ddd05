import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WorkBudget } from '#domain/assertion/work-budget.ts';
import { LOCAL_NETWORK } from '#tests/probes/check.ts';
import { wholeBytes } from '../bounded-body.ts';
import type { HttpExchange } from '../network.ts';
import { bodyText, readBody } from './body.ts';
import { decodedBody } from './decoded-body.ts';

/** How servers pack, by the coding's name; `deflate` in both ways that are in use. */
const PACKINGS = [
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
] as const;
const LIMIT = 1_000_000;

const packing = fc.constantFrom(...PACKINGS);
/** Sizes of the pieces in which a body arrives: TCP may cut anywhere, also behind the first byte. */
const pieceSizes = fc.infiniteStream(fc.constantFrom(1, 1, 2, 3, 100, 10_000));

async function* inPieces(bytes: Uint8Array, sizes: Iterator<number>): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.byteLength; ) {
    const size = sizes.next().value ?? 1;
    yield bytes.subarray(from, from + size);
    from += size;
  }
}

function exchange(codings: readonly string[], body: AsyncIterable<Uint8Array>): HttpExchange {
  return { status: 200, headers: [], codings, body, phases: {}, tls: undefined, remoteAddress: undefined };
}

describe('a body that arrives in any pieces', () => {
  it('is read whole under up to five codings', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 3000 }),
        fc.array(packing, { maxLength: 5 }),
        pieceSizes,
        async (content, packings, sizes) => {
          const packed = packings.reduce<Uint8Array>((bytes, [, pack]) => pack(bytes), content);
          const codings = packings.map(([name]) => name);
          const decoded = decodedBody(exchange(codings, inPieces(packed, sizes)), LOCAL_NETWORK);
          const { unreadable, ...body } = await readBody(decoded, LIMIT, () => undefined);
          expect(unreadable).toBeUndefined();
          expect(Buffer.from(wholeBytes(body))).toEqual(Buffer.from(content));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is not read under six', async () => {
    const packed = Array(6)
      .fill(gzipSync)
      .reduce((bytes, pack) => pack(bytes), Buffer.from('hello'));
    const decoded = decodedBody(exchange(Array(6).fill('gzip'), inPieces(packed, [].values())), LOCAL_NETWORK);
    const { unreadable, bytes } = await readBody(decoded, LIMIT, () => undefined);
    expect([unreadable?.reason, unreadable?.message, bytes]).toEqual([
      'body_unreadable',
      'the body is encoded 6 times',
      0,
    ]);
  });

  it('is text in the encoding that its mark names, whatever its charset says', async () => {
    const encodings = [
      ['utf-8', [0xef, 0xbb, 0xbf], (text: string) => Buffer.from(text)],
      ['utf-16le', [0xff, 0xfe], (text: string) => Buffer.from(text, 'utf16le')],
      ['utf-16be', [0xfe, 0xff], (text: string) => Buffer.from(text, 'utf16le').swap16()],
    ] as const;
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', maxLength: 50 }).filter((text) => !text.startsWith('\ufeff')),
        fc.constantFrom(...encodings),
        fc.constantFrom(undefined, 'text/plain', 'text/html; charset=iso-8859-1', 'text/plain; charset=UTF-8'),
        pieceSizes,
        async (text, [, mark, encode], contentType, sizes) => {
          const bytes = Buffer.concat([Buffer.from(mark), encode(text)]);
          const body = await readBody(inPieces(bytes, sizes), LIMIT, () => undefined);
          expect(bodyText(body, contentType, new WorkBudget())).toBe(text);
        },
      ),
    );
  });
});
