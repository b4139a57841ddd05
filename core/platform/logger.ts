import { DrizzleQueryError } from 'drizzle-orm/errors';
import { type Logger, pino } from 'pino';
import type { Config } from '../config.ts';

/** Fields that may hold a secret, at the top or one level down. */
const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'apiKey',
  'refreshToken',
  'secretsSealed',
  'authSealed',
  'auth',
];

/** JSON lines on standard output; secrets never get there. Give lines a `traceId` wherever there is one. */
export function createLogger(level: Config['logLevel'], name = 'core'): Logger {
  return pino({
    name,
    level,
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '[hidden]' },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    formatters: { level: (label) => ({ level: label }) },
  });
}

/** What went wrong, without what drizzle adds: its errors carry every parameter of the statement. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error instanceof DrizzleQueryError) return describeError(error.cause);
  const code = 'code' in error ? error.code : undefined;
  return { type: error.name, message: error.message, code, stack: error.stack };
}
