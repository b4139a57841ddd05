import { namesImpossibleHost } from '../base/host-name.ts';
import type { HttpConfig } from '../check/monitor.ts';

/** Part of a configuration that no probe could send unchanged. */
export interface Unsendable {
  readonly path: readonly string[];
  readonly message: string;
}

/**
 * Headers that Workers replace: workerd drops CF-Connecting-IP and replaces CF-Worker (tried with workerd 1.20261023),
 * and Cloudflare's network sets the others between Worker and target
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

/**
 * Characters that user name and password may not have: RFC 5234's CTL (excluded by RFC 7617), and halves of surrogate
 * pairs (UTF-8 has no encoding for them).
 */
const UNSPEAKABLE = /[\p{Cc}\p{Cs}]/u;

/**
 * The parts of a new configuration that would be sent changed, or not at all. Stored monitors are not validated by
 * this: a monitor accepted by an earlier version keeps being checked, and its probe reports the fault.
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
  // workerd omits an empty Accept-Encoding, and no other empty header (tried with 1.20261023).
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
