import type { WorkBudget } from './work-budget.ts';

/** Units of work per UTF-16 unit of the text, and of the word that is looked for. */
const UNIT_WORK = 12;
/**
 * The engine's own search compares at most as many units at each place as the word has; it is faster for words of this
 * length, and costs some units for each of them at worst.
 */
const SHORT_WORD = 16;
const SHORT_UNIT_WORK = 6;
/** UTF-16 units between two looks at the budget. */
const PORTION = 16_384;

/**
 * Whether a text contains a word, in time linear in both (Knuth, Morris and Pratt 1977). The engine's own search takes the
 * product of the lengths at worst: seconds for a word of 64 KB in a megabyte.
 */
export function containsText(text: string, word: string, budget: WorkBudget): boolean {
  if (word.length <= SHORT_WORD) {
    budget.spend(text.length * SHORT_UNIT_WORK);
    return text.includes(word);
  }
  budget.spend((word.length + Math.min(PORTION, text.length)) * UNIT_WORK);
  const borders = bordersOf(word);
  let matched = 0;
  for (let at = 0; at < text.length; at++) {
    if (at % PORTION === PORTION - 1) budget.spend(Math.min(PORTION, text.length - at) * UNIT_WORK);
    const unit = text.charCodeAt(at);
    while (matched > 0 && unit !== word.charCodeAt(matched)) matched = borders[matched - 1] ?? 0;
    if (unit === word.charCodeAt(matched)) matched++;
    if (matched === word.length) return true;
  }
  return false;
}

/** For each beginning of the word: the length of its longest shorter beginning that is also its end. */
function bordersOf(word: string): Int32Array {
  const borders = new Int32Array(word.length);
  let length = 0;
  for (let at = 1; at < word.length; at++) {
    const unit = word.charCodeAt(at);
    while (length > 0 && unit !== word.charCodeAt(length)) length = borders[length - 1] ?? 0;
    if (unit === word.charCodeAt(length)) length++;
    borders[at] = length;
  }
  return borders;
}
