import { lt, type SQL } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { ProblemError } from '#core/platform/problem-error.ts';
import type { List } from '#domain/api/common.ts';
import type { IdPrefix } from '#domain/base/id.ts';
import { malformed } from './validated.ts';

/** An opaque cursor: the sort key of the last row of a page, in base64url. */
function cursorOf(...key: readonly string[]): string {
  return Buffer.from(key.join('\n')).toString('base64url');
}

/** The parts of a cursor, each matching its form; throws malformed_request for any other text. */
export function readCursor(cursor: string | undefined, forms: readonly RegExp[]): string[] | null {
  if (cursor === undefined) return null;
  const key = Buffer.from(cursor, 'base64url').toString('utf8').split('\n');
  const known = key.length === forms.length && forms.every((form, index) => form.test(key[index] ?? ''));
  if (!known || cursorOf(...key) !== cursor) throw unknownCursor();
  return key;
}

export function unknownCursor(): ProblemError {
  return malformed('cursor', 'is not one that this list has given');
}

/** The form of a slot: a time in milliseconds, UTC. */
export const SLOT_PATTERN =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/** The form of an id of one kind. */
export function idPattern(prefix: IdPrefix): RegExp {
  return new RegExp(`^${prefix}_[0-9a-z]{26}$`);
}

/** The rows after the cursor, for a list ordered by id. */
export function afterCursor(id: PgColumn, prefix: IdPrefix, cursor: string | undefined): SQL | undefined {
  const [last] = readCursor(cursor, [idPattern(prefix)]) ?? [];
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
