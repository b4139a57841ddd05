import { z } from 'zod';

/**
 * An object read from a peer that may be newer: members that this version does not know are kept unchanged. The type
 * has only the known members, so a misspelt name is still a compiler error.
 */
export function tolerant<Shape extends z.core.$ZodLooseShape>(shape: Shape): z.ZodObject<Shape, z.core.$strip> {
  return z.looseObject(shape) as unknown as z.ZodObject<Shape, z.core.$strip>;
}
