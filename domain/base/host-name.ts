import { z } from 'zod';

/**
 * What a resolver can be asked for (RFC 1035, section 2.3.4): labels of 1 to 63 characters, 253 in all, with or without
 * the dot of the root. Underscores are in use (RFC 8552); other characters no resolver and no `connect()` takes. An IPv6
 * address stands in brackets.
 */
const DIALLABLE = /^(?:\[[0-9a-f:.]+\]|(?=.{1,253}\.?$)(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?)$/i;
const anyUrl = z.url();
/** zod hands over the host as the URL standard parses it: an international name in its ASCII form. */
const urlWithDiallableHost = z.url({ hostname: DIALLABLE });

/** Whether a URL names a host that is neither an address nor a name that a resolver could hold. */
export function namesImpossibleHost(url: string): boolean {
  return anyUrl.safeParse(url).success && !urlWithDiallableHost.safeParse(url).success;
}
