import { z } from 'zod';

/** Shapes that every resource of the REST API shares. */

export const PAGE_LIMIT_DEFAULT = 50;
export const PAGE_LIMIT_MAX = 200;

/** A whole number as text in a query, with one message for every fault. */
export function numberInQuery(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.coerce.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

export const listQuerySchema = z.object({
  limit: numberInQuery(1, PAGE_LIMIT_MAX).default(PAGE_LIMIT_DEFAULT),
  cursor: z.string().max(200).optional(),
});

export type ListQuery = z.output<typeof listQuerySchema>;

export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ data: z.array(item), nextCursor: z.string().nullable() });
}

export interface List<T> {
  data: T[];
  nextCursor: string | null;
}

export const timestamp = z.iso.datetime({ error: 'must be a time in UTC such as 2026-01-31T12:00:00Z' });
export const name = z.string().trim().min(1).max(120);
