const PREFIX = 'whsec_';
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** Groups of four characters, the last one padded. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$/;
/** Standard Webhooks (https://www.standardwebhooks.com), "Signature scheme": between 24 and 64 bytes. */
const BYTES_MIN = 24;
const BYTES_MAX = 64;

/**
 * Whether every common library decodes the secret to the same key: `whsec_` and canonical base64 (RFC 4648, section 4)
 * of 24 to 64 bytes. Several libraries refuse a length without padding, and some refuse bits behind the last byte.
 */
export function isWebhookSecret(text: string): boolean {
  if (!text.startsWith(PREFIX)) return false;
  const base64 = text.slice(PREFIX.length);
  if (!BASE64.test(base64)) return false;
  const padding = base64.length - base64.replace(/=+$/, '').length;
  const bytes = (base64.length / 4) * 3 - padding;
  const last = ALPHABET.indexOf(base64.charAt(base64.length - padding - 1));
  // Each padding character leaves two bits of the last digit without a byte.
  return bytes >= BYTES_MIN && bytes <= BYTES_MAX && last % 4 ** padding === 0;
}
