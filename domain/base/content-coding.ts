/** Content codings of HTTP answers: RFC 9110, sections 8.4.1 and 12.5.3. */

/** The codings that answers may have. Where a client likes several equally, the first is chosen. */
const PREFERENCE = ['br', 'gzip', 'identity'] as const;
export type ContentCoding = (typeof PREFERENCE)[number];

/** Answers of fewer bytes travel in one packet anyway, so that compressing them gains nothing. */
export const COMPRESSED_BYTES_MIN = 1_400;

/** Older names of codings that mean the same (RFC 9110, section 8.4.1.3). */
const ALIASES: Readonly<Record<string, string>> = { 'x-gzip': 'gzip' };
/** A coding or `*`, and its weight: at most three decimals, 1 at most. */
const MEMBER = /^([!#$%&'*+.^_`|~0-9a-z-]+)(?:[ \t]*;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i;

/**
 * The coding that a client likes best among those an answer can have; null when it refuses all of them. Without an
 * `Accept-Encoding` the answer is not coded: such a client may be unable to decode anything. A member of the list that
 * breaks the grammar is ignored.
 */
export function chooseCoding<Available extends ContentCoding>(
  acceptEncoding: string | null | undefined,
  available: readonly Available[],
): Available | null {
  const weights = weightsOf(acceptEncoding ?? '');
  const others = weights.get('*');
  let chosen: Available | null = null;
  let chosenWeight = 0;
  for (const coding of available.toSorted(byPreference)) {
    const weight = weights.get(coding) ?? others ?? (coding === 'identity' ? UNNAMED_IDENTITY : 0);
    if (weight > chosenWeight) [chosen, chosenWeight] = [coding, weight];
  }
  return chosen;
}

/** `identity` is acceptable unless it is excluded; whoever names another coding likes that one better. */
const UNNAMED_IDENTITY = 0.0001;

function byPreference(a: ContentCoding, b: ContentCoding): number {
  return PREFERENCE.indexOf(a) - PREFERENCE.indexOf(b);
}

function weightsOf(acceptEncoding: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const member of acceptEncoding.split(',')) {
    const [, name, weight = '1'] = MEMBER.exec(member.trim()) ?? [];
    if (name === undefined) continue;
    const coding = name.toLowerCase();
    weights.set(ALIASES[coding] ?? coding, Number(weight));
  }
  return weights;
}
