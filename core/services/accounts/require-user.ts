import { ProblemError } from '#core/platform/problem-error.ts';
import type { RequestContext } from '../request-context.ts';

/** The signed-in user and their session. An API key is not a user: throws forbidden. */
export function requireUser({ caller }: Pick<RequestContext, 'caller'>): { userId: string; sessionId: string } {
  const { actor, credential } = caller;
  if (credential.type !== 'session' || actor.id === null) {
    throw new ProblemError('forbidden', 'An API key has no account of its own.');
  }
  return { userId: actor.id, sessionId: credential.id };
}
