/** An HTTP status or a range of them, both ends included. */
export type StatusRange = readonly [from: number, to: number];

/** RFC 9110, section 15: three digits. Some servers send codes above 599. */
export const STATUS_MIN = 100;
export const STATUS_MAX = 999;

/** Reads 204, "204", "2xx", "200-299", "200-204, 301" and lists of these; null for anything else. */
export function parseStatusRanges(value: unknown): StatusRange[] | null {
  if (Array.isArray(value)) {
    const lists = value.map(parseStatusRanges);
    return lists.length === 0 || lists.some((list) => list === null) ? null : lists.flatMap((list) => list ?? []);
  }
  if (typeof value === 'number') return range(value, value);
  if (typeof value !== 'string') return null;
  if (value.includes(',')) return parseStatusRanges(value.split(','));
  return parseOne(value.trim());
}

export function inStatusRanges(status: number, ranges: readonly StatusRange[]): boolean {
  return ranges.some(([from, to]) => status >= from && status <= to);
}

function parseOne(text: string): StatusRange[] | null {
  const family = /^([1-9])xx$/i.exec(text)?.[1];
  if (family !== undefined) return range(Number(family) * 100, Number(family) * 100 + 99);
  const ends = /^(\d{3})(?:\s*-\s*(\d{3}))?$/.exec(text);
  if (ends === null) return null;
  return range(Number(ends[1]), Number(ends[2] ?? ends[1]));
}

function range(from: number, to: number): StatusRange[] | null {
  const valid = Number.isInteger(from) && Number.isInteger(to) && from >= STATUS_MIN && to <= STATUS_MAX && from <= to;
  return valid ? [[from, to]] : null;
}
