import { createHmac, timingSafeEqual } from 'node:crypto';
import type { CoreContext } from '#core/context.ts';

/** Browsers keep no cookie for longer than 400 days (RFC 6265bis). */
export const DEVICE_SECONDS = 400 * 24 * 60 * 60;
const ID_BYTES = 16;
/** Accounts that one browser is known to; the one that signed in longest ago is forgotten first. */
const ACCOUNTS_MAX = 4;

/**
 * A device is known to an account when somebody has signed in with the account's password there. The browser keeps a
 * cookie with an entry `<device>.<signature>` for each account; the signature binds the device to the account.
 */
export function knownDevice(ctx: Pick<CoreContext, 'sessionKey'>, userId: string, cookie: string): string | null {
  for (const entry of entriesOf(cookie)) {
    const [device = '', signature = ''] = entry.split('.');
    if (isEqual(signature, sign(ctx, userId, device))) return device;
  }
  return null;
}

/** The cookie of a browser that has just signed in. */
export function deviceCookie(ctx: Pick<CoreContext, 'sessionKey' | 'clock'>, userId: string, cookie: string): string {
  if (knownDevice(ctx, userId, cookie) !== null) return cookie;
  const device = Buffer.from(ctx.clock.random(ID_BYTES)).toString('base64url');
  return [`${device}.${sign(ctx, userId, device)}`, ...entriesOf(cookie)].slice(0, ACCOUNTS_MAX).join('~');
}

/** Not more than are written: each entry costs a signature to check. */
function entriesOf(cookie: string): string[] {
  return cookie.split('~', ACCOUNTS_MAX).filter((entry) => /^[\w-]{22}\.[\w-]{43}$/.test(entry));
}

function sign({ sessionKey }: Pick<CoreContext, 'sessionKey'>, userId: string, device: string): string {
  return createHmac('sha256', sessionKey).update(`device\n${userId}\n${device}`).digest('base64url');
}

function isEqual(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}
