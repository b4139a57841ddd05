import { createHmac, timingSafeEqual } from 'node:crypto';
import { ProblemError } from '#core/platform/problem-error.ts';
import type { ClientContext } from './client.ts';

/** 192 bits: more than anybody can try. */
const TOKEN_LENGTH = 32;

/**
 * Who may read what the start prints may own the installation. The token is derived from the session key, so that every
 * process and every start knows the same one.
 */
export function setupToken(sessionKey: Uint8Array): string {
  return createHmac('sha256', sessionKey).update('setup token').digest('base64url').slice(0, TOKEN_LENGTH);
}

/** For the first account. Throws setup_token_required unless the client is on this machine or has the token. */
export function requireSetupToken(ctx: ClientContext, given: string | undefined): void {
  if (ctx.onThisMachine || isEqual(given ?? '', setupToken(ctx.sessionKey))) return;
  throw new ProblemError(
    'setup_token_required',
    given === undefined
      ? 'Send the token that the start of this installation printed as setupToken.'
      : 'This is not the token that the start of this installation printed.',
  );
}

function isEqual(given: string, token: string): boolean {
  const bytes = Buffer.from(given);
  return bytes.length === TOKEN_LENGTH && timingSafeEqual(bytes, Buffer.from(token));
}
