/** At most `lengthMax` characters. A cut is marked, and never splits a surrogate pair. */
export function shortened(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  return `${text.slice(0, lengthMax - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/**
 * Text quoted from a target, in a form that can be stored: PostgreSQL refuses NUL, and jsonb halves of surrogate pairs.
 * One event with such text would block all events behind it.
 */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\ufffd');
}
