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
    formatters: { level: (label) => ({ level: label }) },
  });
}
