/**
 * Credentials in a URL, as URLs are parsed: any number of slashes of either kind, then the host, which ends at the next
 * slash, ? or #.
 */
const CREDENTIALS = /^https?:[/\\]*[^/\\?#]*@/i;

/**
 * Whether an http(s) URL has a user name or a password. URLs are shown in answers and logs, so they may hold no
 * secrets.
 */
export function carriesCredentials(url: string): boolean {
  return CREDENTIALS.test(url);
}
