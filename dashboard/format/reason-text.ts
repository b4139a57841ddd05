import { reasonWords } from '#domain/check/reason-words.ts';

/** A reason with its detail: the detail alone where it says the same and more. */
export function reasonText(reason: string | null | undefined, detail: string | null | undefined): string {
  const words = reason == null ? '' : reasonWords(reason);
  if (detail == null || detail === '') return words;
  const isSaid = words === '' || plain(detail).includes(plain(words));
  if (isSaid) return detail;
  return plain(words).includes(plain(detail)) ? words : `${words}: ${detail}`;
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[\s.]+/g, ' ')
    .trim();
}
