/** At most `lengthMax` characters; a cut is marked, and goes through no character. */
export function shortened(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  return `${text.slice(0, lengthMax - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/**
 * Text that quotes what a target answered, as everyone can keep it: PostgreSQL stores no NUL, and in JSON no half of
 * a surrogate pair. One such event would keep all events behind it from being stored.
 */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\ufffd');
}
