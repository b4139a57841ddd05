import { ProblemError } from '#core/platform/problem-error.ts';
import type { RequestContext, Role, Scope } from './request-context.ts';

/** Scopes of the roles in an organisation. */
export const ROLE_SCOPES = {
  owner: ['read', 'write', 'admin'],
  admin: ['read', 'write', 'admin'],
  member: ['read', 'write'],
  viewer: ['read'],
} as const satisfies Record<Role, readonly Scope[]>;

/** A wider scope includes the narrower ones. */
const HELD_BY = {
  read: ['read', 'write', 'admin'],
  write: ['write', 'admin'],
  admin: ['admin'],
} as const satisfies Record<Scope, readonly Scope[]>;

/** First line of every service verb: `read` to see, `write` to change, `admin` for keys and the audit log. */
export function authorize(ctx: Pick<RequestContext, 'caller'>, scope: Scope): void {
  if (HELD_BY[scope].some((held) => ctx.caller.scopes.has(held))) return;
  if (ctx.caller.credential.type === 'api_key') {
    throw new ProblemError('insufficient_scope', `This needs an API key with the scope "${scope}".`);
  }
  throw new ProblemError('forbidden', `Your role does not allow this; it needs "${scope}".`);
}
