import type { CoreContext } from '#core/context.ts';
import type { UnitOfWork } from '#core/unit-of-work.ts';

/** The origin of a request before sign-in. */
interface Client {
  readonly traceId: string;
  readonly ip: string;
  readonly userAgent: string;
  /** What the browser keeps of earlier sign-ins (known-device.ts); empty without it. */
  readonly deviceCookie: string;
  /** The connection comes from this machine, and not through a proxy. */
  readonly onThisMachine: boolean;
}

export interface ClientContext extends CoreContext, Client {}

export interface ClientUnit extends UnitOfWork, Client {}
