import type { CoreContext } from '#core/context.ts';
import { type Id, type IdPrefix, newId as makeId } from '#domain/base/id.ts';

/** UUIDv7 has 74 random bits, so domain/base/id.ts needs ten bytes. */
const RANDOM_BYTES = 10;

export function newId<P extends IdPrefix>(ctx: Pick<CoreContext, 'clock'>, prefix: P): Id<P> {
  return makeId(prefix, ctx.clock.now().getTime(), ctx.clock.random(RANDOM_BYTES));
}
