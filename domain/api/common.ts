import { z } from 'zod';

/** Shapes that every resource of the REST API shares. */

export const PAGE_LIMIT_DEFAULT = 50;
export const PAGE_LIMIT_MAX = 200;

export const listQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(PAGE_LIMIT_MAX).default(PAGE_LIMIT_DEFAULT),
  cursor: z.string().max(200).optional(),
});

export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ data: z.array(item), nextCursor: z.string().nullable() });
}

export interface List<T> {
  data: T[];
  nextCursor: string | null;
}

export const timestamp = z.iso.datetime();
export const name = z.string().trim().min(1).max(120);
