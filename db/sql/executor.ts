import { type SQL, sql } from 'drizzle-orm';

/** A drizzle database or transaction that can execute a statement. */
export interface Executor {
  execute(query: SQL): PromiseLike<readonly Record<string, unknown>[]>;
}

type ColumnType = 'text' | 'float8' | 'int4' | 'bool' | 'timestamptz';
export type Column<T> = readonly [name: string, type: ColumnType, read: (row: T) => string | number | boolean | null];

/**
 * An array as one parameter, written as PostgreSQL's array literal. postgres.js would take the array's type from its
 * first value (`bool` instead of `bool[]`), and drizzle disables its serialiser of `timestamptz[]`.
 */
export function array(values: readonly unknown[], type: ColumnType): SQL {
  return sql`${sql.param(`{${values.map(arrayElement).join(',')}}`)}::${sql.raw(type)}[]`;
}

function arrayElement(value: unknown): string {
  return value === null ? 'NULL' : `"${String(value).replaceAll(/["\\]/g, '\\$&')}"`;
}

/** `unnest(…) AS row (…)` with one parameter a column: the statement's text does not depend on the number of rows. */
export function unnest<T>(rows: readonly T[], columns: readonly Column<T>[]): SQL {
  const arrays = columns.map(([, type, read]) => array(rows.map(read), type));
  const names = columns.map(([name]) => sql.identifier(name));
  return sql`unnest(${sql.join(arrays, sql`, `)}) AS row (${sql.join(names, sql`, `)})`;
}
