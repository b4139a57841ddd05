import { lt, type SQL } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { ProblemError } from '#core/platform/problem-error.ts';
import type { List } from '#domain/api/common.ts';

/** Cursors are opaque to callers: the sort key of the last row they saw, in base64url. */
function cursorOf(...key: readonly string[]): string {
  return Buffer.from(key.join('\n')).toString('base64url');
}

/** The parts of a cursor; throws malformed_request when it is not one of ours. */
export function readCursor(cursor: string | undefined, parts: number): string[] | null {
  if (cursor === undefined) return null;
  const key = Buffer.from(cursor, 'base64url').toString('utf8').split('\n');
  if (key.length !== parts || key.some((part) => part === '' || /[^\x21-\x7e]/.test(part))) {
    throw new ProblemError('malformed_request', 'The cursor is not one that this list has given.');
  }
  return key;
}

/** What is older than the last row they saw, of a list in the order of ids. */
export function afterCursor(id: PgColumn, cursor: string | undefined): SQL | undefined {
  const [last] = readCursor(cursor, 1) ?? [];
  return last === undefined ? undefined : lt(id, last);
}

/** Cuts rows that were read with `limit + 1` into a page. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => readonly string[],
  present: (row: Row) => Item,
): List<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const nextCursor = rows.length > limit && last !== undefined ? cursorOf(...keyOf(last)) : null;
  return { data: shown.map(present), nextCursor };
}
