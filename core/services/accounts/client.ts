import type { CoreContext } from '#core/context.ts';

/** A call that nobody is signed in for yet: the core, and where the call comes from. */
export interface ClientContext extends CoreContext {
  readonly traceId: string;
  readonly ip: string;
  readonly userAgent: string;
}
