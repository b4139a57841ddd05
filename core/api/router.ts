import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { z } from 'zod';
import { ProblemError } from '#core/platform/problem-error.ts';
import { etagOf, type Revised } from '#core/services/expected-revision.ts';
import { idPattern } from '#core/services/page.ts';
import { validationProblem } from '#core/services/validated.ts';
import type { IdPrefix } from '#domain/base/id.ts';
import type { ApiEnv } from './env.ts';

/** A router whose schema violations become problems with code and paths. */
export function createRouter(): OpenAPIHono<ApiEnv> {
  return new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (result.success) return;
      const problem = validationProblem(result.error);
      if (result.target !== 'param') throw problem;
      // A path parameter that is not an id cannot name an object: 404.
      throw new ProblemError('not_found', problem.message, { errors: problem.errors });
    },
  });
}

/** Path parameter `{id}` of one kind of object. */
export function idParam(prefix: IdPrefix) {
  return z.object({ id: idText(prefix) });
}

export function idText(prefix: IdPrefix) {
  const error = `must be ${prefix}_ and 26 digits and lower-case letters`;
  return z.string().regex(idPattern(prefix), { error });
}

/** Request body or answer of a route. */
export function json<T extends z.ZodType>(schema: T) {
  return { 'application/json': { schema } };
}

/** A schema that the OpenAPI document shows once, under this name. */
export function named<T extends z.ZodType>(id: string, schema: T): T {
  return schema.meta({ ...schema.meta(), id }) as T;
}

const patchSchema = z.looseObject({}).meta({
  description: 'Any members of the object as POST takes it. What it adds up to must be a whole valid object.',
});

/** Body of a PATCH: RFC 7396. */
export const MERGE_PATCH = {
  required: true,
  content: { 'application/json': { schema: patchSchema }, 'application/merge-patch+json': { schema: patchSchema } },
} as const;

export const ifMatchHeader = z.object({
  'if-match': z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'ETag of the object as you read it; 412 when it has changed since.' }),
});

/** Sets the ETag of the answer to the object's revision; returns the object for the body. */
export function withETag<T>(c: Context, { object, revision }: Revised<T>): T {
  c.header('ETag', etagOf(revision));
  return object;
}

export const NO_CONTENT = { 204: { description: 'Done' } } as const;
