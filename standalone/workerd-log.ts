import type { Config } from '#core/config.ts';
import { isJsonObject } from '#domain/base/json-object.ts';

/**
 * What workerd itself says whenever a check's connection fails for a dead name or a failed handshake (tried with workerd
 * 1.20261102). The check's result says the same in words: at a line for each check this would be all there is in the log.
 */
const CONNECTION_FAILED = /\be = rust\/worker\/ffi\.rs:\d+: failed: /;

/**
 * The line to write for one of workerd's messages; null for one that is said at level `debug` only. What our Workers log
 * is a JSON line already; what workerd itself says becomes one.
 */
export function workerdLine(
  { level, message }: { readonly level: string; readonly message: string },
  logLevel: Config['logLevel'],
): string | null {
  if (isJsonLine(message)) return message;
  const expected = CONNECTION_FAILED.test(message);
  if (expected && logLevel !== 'debug') return null;
  return JSON.stringify({ level: expected ? 'debug' : level, room: 'workerd', message });
}

function isJsonLine(message: string): boolean {
  try {
    return isJsonObject(JSON.parse(message));
  } catch {
    return false;
  }
}
