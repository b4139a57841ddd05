import type { Actor, CoreContext } from '#core/context.ts';
import type { Reader, UnitOfWork } from '#core/unit-of-work.ts';
import type { API_KEY_SCOPES, ROLES } from '#domain/api/account.ts';

export type Scope = (typeof API_KEY_SCOPES)[number];
export type Role = (typeof ROLES)[number];

/** Who calls, as established once by api/middleware/authenticate.ts. */
export interface Caller {
  /** Every query of a service is limited to this organisation. */
  readonly organizationId: string;
  readonly actor: Actor;
  readonly scopes: ReadonlySet<Scope>;
  /** Looks after what belongs to no organisation. Also true for an API key that the owner has made. */
  readonly installationOwner: boolean;
  /** The sign-in behind the call: a browser's session or an API key. */
  readonly credential:
    | { readonly type: 'session'; readonly id: string }
    | { readonly type: 'api_key'; readonly id: string };
}

/** One request that a service verb works for. */
interface Request {
  readonly caller: Caller;
  readonly traceId: string;
  readonly ip: string;
}

/** What every service verb is given: the core, and the request. */
export interface RequestContext extends CoreContext, Request {}

/** What reads for a request, from the pool or inside a unit of work. */
export interface RequestReader extends Reader, Request {}

/** What changes something for a request: only inside a unit of work (core/unit-of-work.ts). */
export interface RequestUnit extends UnitOfWork, Request {}
