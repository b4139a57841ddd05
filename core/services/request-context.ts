import type { Actor, CoreContext } from '#core/context.ts';
import type { Reader, UnitOfWork } from '#core/unit-of-work.ts';
import type { API_KEY_SCOPES, ROLES } from '#domain/api/account.ts';

export type Scope = (typeof API_KEY_SCOPES)[number];
export type Role = (typeof ROLES)[number];

/** The caller, identified once by api/middleware/authenticate.ts. */
export interface Caller {
  /** Every query of a service is limited to this organisation. */
  readonly organizationId: string;
  readonly actor: Actor;
  readonly scopes: ReadonlySet<Scope>;
  /** Administers what belongs to no organisation. Also true for an API key of the owner. */
  readonly installationOwner: boolean;
  /** The credential of the call: a browser's session or an API key. */
  readonly credential:
    | { readonly type: 'session'; readonly id: string }
    | { readonly type: 'api_key'; readonly id: string };
}

/** The request for which a service verb runs. */
interface Request {
  readonly caller: Caller;
  readonly traceId: string;
  readonly ip: string;
}

/** The context of every service verb: the core and the request. */
export interface RequestContext extends CoreContext, Request {}

/** For functions that read for a request, from the pool or inside a unit of work. */
export interface RequestReader extends Reader, Request {}

/** For functions that write for a request, inside a unit of work only (core/unit-of-work.ts). */
export interface RequestUnit extends UnitOfWork, Request {}
