let last = 0;

/** A key for a row that was just added to an editor: unique in this page, never sent. */
export function newRowKey(): string {
  last += 1;
  return `new-${last}`;
}
