import { z } from 'zod';
import { isHeaderName } from '../base/header-syntax.ts';
import { isJsonObject } from '../base/json-object.ts';
import { parseStatusRanges } from '../check/status-range.ts';

export const ASSERTION_SOURCES = ['status', 'body', 'header', 'json', 'responseTime', 'tls'] as const;
export type AssertionSource = (typeof ASSERTION_SOURCES)[number];
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
export type AssertionCompare = (typeof ASSERTION_COMPARES)[number];

/** Facts of a TLS connection that an assertion may name. `daysLeft` is computed at the time of the check. */
export const TLS_PROPERTIES = ['protocol', 'issuer', 'subject', 'notAfter', 'fingerprintSha256', 'daysLeft'] as const;
export type TlsProperty = (typeof TLS_PROPERTIES)[number];

const EQUALITY = ['eq', 'ne', 'in'] as const;
const ORDER = ['lt', 'lte', 'gt', 'gte'] as const;
const TEXT = ['contains', 'notContains', 'matches', 'notMatches'] as const;
const PRESENCE = ['exists', 'notExists'] as const;

/** Comparisons that make sense for each source; any other would always hold or never. */
export const COMPARES_OF_SOURCE = {
  status: [...EQUALITY, ...ORDER, 'matches', 'notMatches'],
  responseTime: ['eq', 'ne', ...ORDER],
  header: [...EQUALITY, ...ORDER, ...TEXT, ...PRESENCE],
  body: [...EQUALITY, ...ORDER, ...TEXT, ...PRESENCE, 'schema'],
  json: ASSERTION_COMPARES,
  tls: [...EQUALITY, ...ORDER, ...TEXT, ...PRESENCE],
} as const satisfies Record<AssertionSource, readonly AssertionCompare[]>;

/** Expected values are part of their shard's assignment: 64 KiB hold a JSON Schema, not a data set. */
const VALUE_LENGTH_MAX = 64 * 1024;
/** The cost of linear-time matching is the pattern's size times the text's. */
const PATTERN_LENGTH_MAX = 1000;
const LIST_LENGTH_MAX = 200;

interface AssertionShape {
  readonly source: AssertionSource;
  readonly property?: string | undefined;
  readonly compare: AssertionCompare;
  readonly value?: unknown;
}

/** A fault of an assertion, with the field that must change. */
export interface AssertionProblem {
  readonly path: 'property' | 'compare' | 'value';
  readonly message: string;
}

/**
 * One assertion about an answer. `property` names the header, the JSONPath (RFC 9535) or the TLS fact. `value` is the
 * expected value; statuses also take ranges such as "2xx" and "200-299".
 *
 * The schema checks the form. Regular expressions, JSONPaths and JSON Schemas are compiled where monitors are written
 * (`assertionProblems` in assertion-evaluation.ts), so that reading an assertion loads no engines.
 */
export const assertionSchema = z
  .strictObject({
    source: z.enum(ASSERTION_SOURCES),
    property: z.string().max(512).optional(),
    compare: z.enum(ASSERTION_COMPARES),
    value: z.json().optional(),
  })
  .superRefine((assertion, context) => {
    for (const { path, message } of assertionShapeProblems(assertion)) {
      context.addIssue({ code: 'custom', path: [path], message });
    }
  });
export type Assertion = z.infer<typeof assertionSchema>;

/** Faults that are found without compiling anything; empty when the form is right. */
export function assertionShapeProblems(assertion: AssertionShape): AssertionProblem[] {
  const { source, compare } = assertion;
  const allowed: readonly AssertionCompare[] = COMPARES_OF_SOURCE[source];
  if (!allowed.includes(compare)) {
    return [{ path: 'compare', message: `${source} cannot be compared by ${compare}; use ${allowed.join(', ')}` }];
  }
  const property = propertyProblem(assertion);
  const value = valueProblem(assertion);
  return [
    ...(property === null ? [] : [{ path: 'property' as const, message: property }]),
    ...(value === null ? [] : [{ path: 'value' as const, message: value }]),
  ];
}

function propertyProblem({ source, compare, property = '' }: AssertionShape): string | null {
  switch (source) {
    case 'header':
      return isHeaderName(property) ? null : 'must be the name of a header';
    case 'json':
      return property !== '' || compare === 'schema' ? null : 'must be a JSONPath such as $.status';
    case 'tls':
      return TLS_PROPERTIES.some((known) => known === property) ? null : `must be one of ${TLS_PROPERTIES.join(', ')}`;
    case 'status':
    case 'responseTime':
    case 'body':
      return property === '' ? null : `${source} has no properties`;
  }
}

function valueProblem(assertion: AssertionShape): string | null {
  const { source, compare, value } = assertion;
  if (compare === 'exists' || compare === 'notExists') return null;
  if (value === undefined) return 'is missing';
  if (JSON.stringify(value).length > VALUE_LENGTH_MAX) return `must be at most ${VALUE_LENGTH_MAX} characters of JSON`;
  if (source === 'status' && (compare === 'eq' || compare === 'ne' || compare === 'in')) {
    return parseStatusRanges(value) === null ? 'must be a status such as 204, "2xx" or "200-299", or a list' : null;
  }
  switch (compare) {
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return orderProblem(assertion);
    case 'matches':
    case 'notMatches':
      return patternProblem(value);
    case 'schema':
      return typeof value === 'boolean' || isJsonObject(value) ? null : 'must be a JSON Schema';
    case 'in':
      if (!Array.isArray(value) || value.length === 0) return 'must be a list';
      if (value.length > LIST_LENGTH_MAX) return `must list at most ${LIST_LENGTH_MAX} values`;
      return source === 'json' || value.every(isTextual) ? null : 'must be a list of texts';
    case 'contains':
    case 'notContains':
      if (value === '') return 'must not be empty';
      return source === 'json' || isTextual(value) ? null : 'must be text';
    case 'eq':
    case 'ne':
      if (source === 'responseTime') return isNumeric(value) ? null : 'must be a number of milliseconds';
      return source === 'json' || isTextual(value) ? null : 'must be text';
  }
}

function orderProblem({ source, property, value }: AssertionShape): string | null {
  if (source === 'tls' && property === 'notAfter') {
    return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? null : 'must be a date';
  }
  if (source === 'tls' && property === 'protocol') {
    return typeof value === 'string' && TLS_VERSION.test(value) ? null : 'must be a TLS version such as TLSv1.2';
  }
  return isNumeric(value) ? null : 'must be a number';
}

export const TLS_VERSION = /^TLSv(1(?:\.[0-3])?)$/;

function patternProblem(value: unknown): string | null {
  if (typeof value !== 'string' || value === '') return 'must be a regular expression';
  return value.length > PATTERN_LENGTH_MAX ? `must be at most ${PATTERN_LENGTH_MAX} characters` : null;
}

/** Numbers, also as text: JSON numbers cannot hold big integers exactly. */
function isNumeric(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value));
}

function isTextual(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
