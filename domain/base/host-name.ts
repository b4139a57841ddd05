import { z } from 'zod';

/**
 * A host name that a resolver accepts (RFC 1035, section 2.3.4): labels of 1 to 63 characters, 253 in all, with or
 * without the root's dot. Underscores are in use (RFC 8552); no resolver and no `connect()` takes other characters. An
 * IPv6 address stands in brackets.
 */
const DIALLABLE = /^(?:\[[0-9a-f:.]+\]|(?=.{1,253}\.?$)(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?)$/i;
const anyUrl = z.url();
/** zod passes the host as the URL standard parses it: an international name in its ASCII form. */
const urlWithDiallableHost = z.url({ hostname: DIALLABLE });

/** Whether the URL's host is neither an address nor a name that a resolver accepts. */
export function namesImpossibleHost(url: string): boolean {
  return anyUrl.safeParse(url).success && !urlWithDiallableHost.safeParse(url).success;
}
