import type { IncomingMessage } from 'node:http';

/** Names, IPv4 addresses and IPv6 addresses in brackets, each with an optional port (RFC 3986, section 3.2.2). */
const HOST = /^(?:[a-z0-9._~-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;

/**
 * What is wrong with the `Host` of a request, as a sentence; null for a good one. RFC 9112, section 3.2: none, several,
 * or one that is no host is answered with 400.
 */
export function hostFault({ rawHeaders, httpVersion, headers }: IncomingMessage): string | null {
  const count = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length;
  if (count > 1) return 'The request names more than one Host.';
  const host = headers.host;
  if (host === undefined) return `HTTP/${httpVersion} requests need a Host here.`;
  // The URL parser knows what a pattern does not: 1.2.3.4.5 is neither a name nor an address.
  const isHost = HOST.test(host) && URL.canParse(`http://${host}/`);
  return isHost ? null : 'The Host of the request is not a host name or address.';
}
