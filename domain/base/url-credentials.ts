/** As URLs are parsed: any number of slashes of either kind, then the host, which ends at the next one, ? or #. */
const CREDENTIALS = /^https?:[/\\]*[^/\\?#]*@/i;

/** Whether an http(s) URL carries a user or a password: secrets do not belong where everyone reads them. */
export function carriesCredentials(url: string): boolean {
  return CREDENTIALS.test(url);
}
