let last = 0;

/** The key of a new row of an editor: unique in this page, never sent. */
export function newRowKey(): string {
  last += 1;
  return `new-${last}`;
}
