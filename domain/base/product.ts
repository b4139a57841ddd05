/** The version of package.json as major.minor, which is all that a called server needs. */
const VERSION = '0.1';

/**
 * The User-Agent of the product's requests, with the address of the page that explains them to the operator of a
 * server.
 */
export function userAgent(page: 'bot' | 'webhooks'): string {
  return `BlackTide/${VERSION} (+https://blacktide.dev/${page})`;
}
