import type { Config } from '#core/config.ts';
import { isJsonObject } from '#domain/base/json-object.ts';

/**
 * workerd's message for each failed connection of a check (tried with workerd 1.20261102). The check's result has the
 * same reason; at a line per check, these lines would hide the others.
 */
const CONNECTION_FAILED = /\be = rust\/worker\/ffi\.rs:\d+: failed: /;

/**
 * The log line for one of workerd's messages; null for one that is logged at level `debug` only. Messages of our
 * Workers are JSON lines already; workerd's own become JSON lines here.
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
