/**
 * Identifiers: a prefix and a UUIDv7 in Crockford base 32 (26 lower-case characters), sortable by time. Time and
 * randomness are arguments. Derived ids replace randomness by a hash of what they name, so the same cause always has
 * the same id.
 */
export type IdPrefix =
  | 'mon'
  | 'chk'
  | 'inc'
  | 'alr'
  | 'rul'
  | 'chn'
  | 'stp'
  | 'cmp'
  | 'org'
  | 'usr'
  | 'key'
  | 'evt'
  | 'ses'
  | 'dlv'
  | 'dlt'
  | 'shd';
export type Id<P extends IdPrefix = IdPrefix> = `${P}_${string}`;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const BODY_LENGTH = 26;
const BODY_PATTERN = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** A new id. `random` holds at least 10 bytes; `timeMs` is milliseconds since the epoch. */
export function newId<P extends IdPrefix>(prefix: P, timeMs: number, random: Uint8Array): Id<P> {
  if (random.length < 10) throw new RangeError('an id needs 10 random bytes');
  return `${prefix}_${encode(uuidV7(timeMs, random))}`;
}

/** The id of an object that its time and parts name completely: equal input gives an equal id. */
export function derivedId<P extends IdPrefix>(prefix: P, timeMs: number, ...parts: readonly string[]): Id<P> {
  return `${prefix}_${encode(uuidV7(timeMs, hash128(parts.join('\u0000')).subarray(0, 10)))}`;
}

/** 32 hexadecimal digits (the shape of a W3C trace id), equal for equal parts. */
export function derivedTraceId(...parts: readonly string[]): string {
  let text = '';
  for (const byte of hash128(parts.join('\u0000'))) text += HEXADECIMAL[byte];
  return text;
}

const HEXADECIMAL = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function isId<P extends IdPrefix>(prefix: P, value: string): value is Id<P> {
  return value.startsWith(`${prefix}_`) && BODY_PATTERN.test(value.slice(prefix.length + 1));
}

/** RFC 9562, section 5.7. */
function uuidV7(timeMs: number, random: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16);
  let time = Math.max(0, Math.floor(timeMs));
  for (let index = 5; index >= 0; index--) {
    bytes[index] = time % 256;
    time = Math.floor(time / 256);
  }
  bytes.set(random.subarray(0, 10), 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes;
}

/** Crockford base 32, the most significant bits first. */
function encode(bytes: Uint8Array): string {
  let text = '';
  let value = 0;
  // 26 characters hold 130 bits: two zeros stand before the 128.
  let width = BODY_LENGTH * 5 - bytes.length * 8;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    width += 8;
    while (width >= 5) {
      width -= 5;
      text += ALPHABET[(value >>> width) & 31];
    }
  }
  return text;
}

/**
 * MurmurHash3 (x86, 32 bit, Austin Appleby, public domain) with four seeds. The hash spreads ids; it is not
 * cryptographic.
 */
function hash128(text: string): Uint8Array {
  const bytes = new Uint8Array(16);
  for (let part = 0; part < 4; part++) {
    const hash = murmur3(text, 0x9747b28c ^ (part * 0x85ebca6b));
    for (let byte = 0; byte < 4; byte++) bytes[part * 4 + byte] = (hash >>> (byte * 8)) & 255;
  }
  return bytes;
}

/** MurmurHash3 over UTF-16 code units taken as 32-bit blocks. Returns an unsigned 32-bit integer. */
export function murmur3(text: string, seed: number): number {
  let hash = seed | 0;
  for (let index = 0; index < text.length; index++) {
    let block = Math.imul(text.charCodeAt(index), 0xcc9e2d51);
    block = (block << 15) | (block >>> 17);
    hash ^= Math.imul(block, 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  hash ^= text.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
