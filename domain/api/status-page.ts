import { z } from 'zod';
import { PAGE_COMPONENTS_MAX, slugSchema } from '../page/snapshot.ts';
import { name, timestamp } from './common.ts';
import { rowProblemSchema } from './row-problem.ts';

export const componentInputSchema = z.strictObject({
  /** Present for an existing component that is kept. */
  id: z.string().optional(),
  name,
  description: z.string().max(500).nullish(),
  group: z.string().max(120).nullish(),
  monitorId: z.string().nullish(),
});

export const statusPageCreateSchema = z.strictObject({
  name,
  slug: slugSchema,
  description: z.string().max(1000).nullish(),
  /** This version supports `public` only; the others are answered with `not_supported`. */
  visibility: z.enum(['public', 'password', 'private']).default('public'),
  /** Whether incidents that BlackTide opens are named after their monitors; else after the page's components. */
  showMonitorNames: z.boolean().default(false),
  components: z.array(componentInputSchema).max(PAGE_COMPONENTS_MAX).default([]),
});

export const componentSchema = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  group: z.string().nullable(),
  monitorId: z.string().nullable(),
});

export const statusPageSchema = z.object({
  id: z.string(),
  name: z.string(),
  slug: z.string(),
  description: z.string().nullable(),
  visibility: z.enum(['public', 'password', 'private']),
  showMonitorNames: z.boolean(),
  components: z.array(componentSchema),
  /** The page's public URL, at the edge. */
  url: z.string(),
  version: z.int(),
  publishedVersion: z.int().nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
  problem: rowProblemSchema.optional(),
});
export type StatusPage = z.infer<typeof statusPageSchema>;
