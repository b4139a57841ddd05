import { REFRESH_SCRIPT } from './refresh-script.ts';
import { sha256Base64 } from './representation.ts';
import { STYLE } from './style.ts';

let policy: string | undefined;

/** Only the page's own style sheet and script, by their hashes. Nothing else may load, post or frame. */
export async function contentSecurityPolicy(): Promise<string> {
  policy ??= [
    "default-src 'none'",
    `style-src 'sha256-${await sha256Base64(STYLE)}'`,
    `script-src 'sha256-${await sha256Base64(REFRESH_SCRIPT)}'`,
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return policy;
}
