import { namesImpossibleHost } from '../base/host-name.ts';
import type { HttpConfig } from '../check/monitor.ts';

/** Part of a configuration that no probe could send as it is written. */
export interface Unsendable {
  readonly path: readonly string[];
  readonly message: string;
}

/**
 * Headers that Workers put in the place of what a monitor sets: workerd drops CF-Connecting-IP and replaces CF-Worker
 * (tried with workerd 1.20261023), and Cloudflare's network sets the others on its way to a target
 * (https://developers.cloudflare.com/fundamentals/reference/http-headers/).
 */
const SET_BY_THE_EDGE: ReadonlySet<string> = new Set([
  'cdn-loop',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'cf-ew-via',
  'cf-ipcountry',
  'cf-pseudo-ipv4',
  'cf-ray',
  'cf-visitor',
  'cf-worker',
]);

/** RFC 5234's CTL, which RFC 7617 keeps out of both; and halves of surrogate pairs, which UTF-8 cannot carry. */
const UNSPEAKABLE = /[\p{Cc}\p{Cs}]/u;

/**
 * What of a written configuration would be sent as something else, or not at all. Stored monitors are not asked: what
 * an earlier version has taken goes on being checked, and its probe says what is wrong.
 */
export function unsendableParts({ url, headers, auth }: HttpConfig): Unsendable[] {
  const parts = Object.entries(headers).flatMap(([name, value]) => unsendableHeader(name, value));
  if (namesImpossibleHost(url)) {
    parts.unshift({
      path: ['url'],
      message: 'names no possible host: labels of 1 to 63 letters, digits, - or _, and at most 253 characters',
    });
  }
  return auth?.type === 'basic' ? [...parts, ...unsendableSignIn(auth)] : parts;
}

function unsendableHeader(name: string, value: string): Unsendable[] {
  const path = ['headers', name];
  const lower = name.toLowerCase();
  if (SET_BY_THE_EDGE.has(lower)) return [{ path, message: "is set by the edge, which would replace the monitor's" }];
  // workerd leaves out an empty one, and only this one (tried with 1.20261023).
  if (lower === 'accept-encoding' && value.trim() === '') return [{ path, message: 'may not be empty: say identity' }];
  return [];
}

/** RFC 7617, section 2: the first colon ends the user name. */
function unsendableSignIn({ username, password }: { username: string; password: string }): Unsendable[] {
  const parts: Unsendable[] = [];
  if (username.includes(':')) {
    parts.push({ path: ['auth', 'username'], message: 'may have no colon: a server would read the rest as password' });
  } else if (UNSPEAKABLE.test(username)) {
    parts.push({ path: ['auth', 'username'], message: 'may have no control characters' });
  }
  if (UNSPEAKABLE.test(password)) {
    parts.push({ path: ['auth', 'password'], message: 'may have no control characters' });
  }
  return parts;
}
