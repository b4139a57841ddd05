import { userAgent } from '#domain/base/product.ts';
import type { LocationId } from '#domain/check/location.ts';
import type { HttpConfig } from '#domain/check/monitor.ts';
import type { HttpRequest } from '../network.ts';

export const LOCATION_HEADER = 'X-BlackTide-Location';

/** The configured request, with the headers that every probe adds. */
export function firstRequest(config: HttpConfig, location: LocationId): HttpRequest {
  const body = config.body === '' ? undefined : config.body;
  const headers = new Map<string, readonly [string, string]>();
  const set = (name: string, value: string) => headers.set(name.toLowerCase(), [name, value]);
  set('User-Agent', userAgent('bot'));
  set('Accept', '*/*');
  if (body !== undefined) set('Content-Type', contentTypeOf(body));
  for (const [name, value] of Object.entries(config.headers)) set(name, value);
  if (config.auth !== undefined) set('Authorization', authorization(config.auth));
  set(LOCATION_HEADER, location);
  return {
    method: config.method,
    url: config.url,
    headers: [...headers.values()],
    body,
    verifyTls: config.verifyTls,
    ipVersion: config.ipVersion,
  };
}

/** RFC 7617 (Basic, UTF-8) and RFC 6750 (Bearer). */
function authorization(auth: NonNullable<HttpConfig['auth']>): string {
  if (auth.type === 'bearer') return `Bearer ${auth.token}`;
  const bytes = new TextEncoder().encode(`${auth.username}:${auth.password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

/** Sets the content type explicitly, because runtimes guess different ones. */
function contentTypeOf(body: string): string {
  return /^\s*[[{]/.test(body) ? 'application/json' : 'text/plain;charset=UTF-8';
}
