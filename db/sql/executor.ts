import { type SQL, sql } from 'drizzle-orm';

/** What a statement runs on: a drizzle database or transaction. */
export interface Executor {
  execute(query: SQL): PromiseLike<readonly Record<string, unknown>[]>;
}

type ColumnType = 'text' | 'float8' | 'int4' | 'bool' | 'timestamptz';
export type Column<T> = readonly [name: string, type: ColumnType, read: (row: T) => string | number | boolean | null];

/**
 * One array as one parameter. Booleans go as text: postgres.js takes the type of an array from its first value and
 * would declare a parameter of type `bool`, which PostgreSQL does not cast to `bool[]`.
 */
export function array(values: readonly unknown[], type: ColumnType): SQL {
  const sent = type === 'bool' ? values.map((value) => (value === null ? null : String(value))) : values;
  return sql`${sql.param(sent)}::${sql.raw(type)}[]`;
}

/** `unnest(…) AS row (…)`: one parameter a column, so the statement is the same whatever the number of rows. */
export function unnest<T>(rows: readonly T[], columns: readonly Column<T>[]): SQL {
  const arrays = columns.map(([, type, read]) => array(rows.map(read), type));
  const names = columns.map(([name]) => sql.identifier(name));
  return sql`unnest(${sql.join(arrays, sql`, `)}) AS row (${sql.join(names, sql`, `)})`;
}
