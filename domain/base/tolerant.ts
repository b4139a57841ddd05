import { z } from 'zod';

/**
 * An object read from a peer that may be newer: members that this version does not know pass through as they came. The
 * type names only the known ones, so that a slip in a name is still an error of the compiler.
 */
export function tolerant<Shape extends z.core.$ZodLooseShape>(shape: Shape): z.ZodObject<Shape, z.core.$strip> {
  return z.looseObject(shape) as unknown as z.ZodObject<Shape, z.core.$strip>;
}
