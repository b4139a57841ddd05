import { z } from 'zod';

export const ASSERTION_SOURCES = ['status', 'body', 'header', 'json', 'responseTime', 'tls'] as const;
export const ASSERTION_COMPARES = [
  'eq',
  'ne',
  'lt',
  'lte',
  'gt',
  'gte',
  'contains',
  'notContains',
  'matches',
  'notMatches',
  'exists',
  'notExists',
  'in',
  'schema',
] as const;

/**
 * One claim about an answer. `property` names the header, the JSONPath (RFC 9535) or the TLS fact.
 * `value` is what to compare with; statuses also take ranges such as "2xx" and "200-299".
 */
export const assertionSchema = z.strictObject({
  source: z.enum(ASSERTION_SOURCES),
  property: z.string().max(512).optional(),
  compare: z.enum(ASSERTION_COMPARES),
  value: z.json().optional(),
});
export type Assertion = z.infer<typeof assertionSchema>;
