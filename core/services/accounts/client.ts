import type { CoreContext } from '#core/context.ts';
import type { UnitOfWork } from '#core/unit-of-work.ts';

/** A call that nobody is signed in for yet: where it comes from. */
interface Client {
  readonly traceId: string;
  readonly ip: string;
  readonly userAgent: string;
}

export interface ClientContext extends CoreContext, Client {}

export interface ClientUnit extends UnitOfWork, Client {}
