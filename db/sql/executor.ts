import { type SQL, sql } from 'drizzle-orm';

/** What a statement runs on: a drizzle database or transaction. */
export interface Executor {
  execute(query: SQL): PromiseLike<readonly Record<string, unknown>[]>;
}

type ColumnType = 'text' | 'float8' | 'int4' | 'bool' | 'timestamptz';
export type Column<T> = readonly [name: string, type: ColumnType, read: (row: T) => string | number | boolean | null];

/**
 * One array as one parameter, as PostgreSQL's array literal: left to itself postgres.js takes the type of an array
 * from its first value (`bool` instead of `bool[]`), and drizzle switches its writer of `timestamptz[]` off.
 */
export function array(values: readonly unknown[], type: ColumnType): SQL {
  return sql`${sql.param(`{${values.map(arrayElement).join(',')}}`)}::${sql.raw(type)}[]`;
}

function arrayElement(value: unknown): string {
  return value === null ? 'NULL' : `"${String(value).replaceAll(/["\\]/g, '\\$&')}"`;
}

/** `unnest(…) AS row (…)`: one parameter a column, so the statement is the same whatever the number of rows. */
export function unnest<T>(rows: readonly T[], columns: readonly Column<T>[]): SQL {
  const arrays = columns.map(([, type, read]) => array(rows.map(read), type));
  const names = columns.map(([name]) => sql.identifier(name));
  return sql`unnest(${sql.join(arrays, sql`, `)}) AS row (${sql.join(names, sql`, `)})`;
}
