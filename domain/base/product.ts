/** As package.json has it, without what is of no interest to a server that is called. */
const VERSION = '0.1';

/** Names the product and where to read about its calls, so that an operator knows who is asking. */
export function userAgent(page: 'bot' | 'webhooks'): string {
  return `BlackTide/${VERSION} (+https://blacktide.dev/${page})`;
}
