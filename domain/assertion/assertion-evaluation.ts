import { DAY_MS } from '../base/duration.ts';
import { formatLatency } from '../base/quantity.ts';
import type { TlsFacts } from '../check/result.ts';
import { inStatusRanges, parseStatusRanges } from '../check/status-range.ts';
import {
  type Assertion,
  type AssertionCompare,
  assertionShapeProblems,
  TLS_VERSION,
  type TlsProperty,
} from './assertion.ts';
import { firstContaining, holds, shown } from './comparison.ts';
import { type JsonPath, JsonPathError, readJsonPath } from './json-path.ts';
import { selectValues } from './json-path-query.ts';
import { jsonSchemaMismatch } from './json-schema.ts';
import { compileRegex, firstMatch } from './linear-regex.ts';
import { parseJson } from './parse-json.ts';
import { containsText } from './substring.ts';
import { WorkBudget } from './work-budget.ts';

/** The answer to a check, as far as assertions refer to it. */
export interface Answer {
  readonly status: number;
  /** Header names are in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Decoded text; null when it could not be read. */
  readonly body: string | null;
  /** Why it could not be read, where that is known: the end of a sentence. */
  readonly unreadable?: string;
  /** True when the body exceeded the size limit and was cut. */
  readonly bodyCut: boolean;
  readonly responseTimeMs: number;
  readonly tls: TlsFacts | undefined;
  /** Time of the check, milliseconds since the epoch. */
  readonly atMs: number;
}

export type Judgement =
  | { readonly passed: true; readonly message: string }
  | {
      readonly passed: false;
      readonly reason: 'assertion_failed' | 'assertion_unevaluable';
      /** One sentence: what was expected, and what came. */
      readonly message: string;
    };

/**
 * Evaluates one assertion. An assertion that cannot be evaluated (a missing header or value, invalid JSON, wrong types,
 * a broken pattern, a body cut by the size limit where the rest would matter) fails. Where a JSONPath selects several
 * values, the assertion must hold for each; `contains` treats them as one list.
 *
 * All assertions about an answer share one budget, so that fifty of them cannot take fifty times as long. One that needs
 * more than is left of it cannot be evaluated.
 */
export function evaluateAssertion(assertion: Assertion, answer: Answer, budget: WorkBudget): Judgement {
  const expectation = `expected ${claim(assertion)}`;
  try {
    const problem = assertionShapeProblems(assertion)[0];
    if (problem !== undefined) throw new Error(`${problem.path} ${problem.message}`);
    const mismatch = mismatchOf(assertion, answer, budget);
    if (mismatch === null) return { passed: true, message: claim(assertion) };
    return { passed: false, reason: 'assertion_failed', message: `${expectation}, ${mismatch}` };
  } catch (error) {
    // The engines throw too: for a bad path, an unresolved $ref, or a JSON document nested too deeply.
    const why = error instanceof Error ? error.message : String(error);
    return { passed: false, reason: 'assertion_unevaluable', message: `${expectation}, but ${why}` };
  }
}

/** The actual value in words, or null when the assertion holds. Throws when it cannot be evaluated. */
function mismatchOf(assertion: Assertion, answer: Answer, budget: WorkBudget): string | null {
  switch (assertion.source) {
    case 'status':
      return statusMismatch(assertion, answer, budget);
    case 'responseTime':
      return holds(assertion.compare, answer.responseTimeMs, Number(assertion.value), budget)
        ? null
        : `got ${formatLatency(answer.responseTimeMs)}`;
    case 'header':
      return headerMismatch(assertion, answer, budget);
    case 'body':
      return bodyMismatch(assertion, answer, budget);
    case 'json':
      return jsonMismatch(assertion, answer, budget);
    case 'tls':
      return tlsMismatch(assertion, answer, budget);
  }
}

function statusMismatch({ compare, value }: Assertion, answer: Answer, budget: WorkBudget): string | null {
  const { status } = answer;
  const ranges = compare === 'eq' || compare === 'ne' || compare === 'in' ? parseStatusRanges(value) : null;
  const held =
    ranges === null ? holds(compare, status, value, budget) : inStatusRanges(status, ranges) === (compare !== 'ne');
  return held ? null : `got ${status}`;
}

function headerMismatch(assertion: Assertion, answer: Answer, budget: WorkBudget): string | null {
  const name = (assertion.property ?? '').toLowerCase();
  const values = answer.headers.filter(([header]) => header === name).map(([, value]) => value);
  // RFC 9110, section 5.3: several field lines of one name form one list.
  return textMismatch(
    assertion,
    values.length === 0 ? undefined : values.join(', '),
    'there is no such header',
    budget,
  );
}

function bodyMismatch(assertion: Assertion, answer: Answer, budget: WorkBudget): string | null {
  const body = readableBody(answer);
  if (answer.bodyCut) return cutBodyMismatch(assertion, body, budget);
  if (assertion.compare === 'exists') return body === '' ? 'got an empty body' : null;
  if (assertion.compare === 'notExists') return body === '' ? null : `got ${shown(body, budget)}`;
  if (assertion.compare === 'schema') return jsonSchemaMismatch(assertion.value, parsedBody(answer, budget), budget);
  return textMismatch(assertion, body, 'the body is missing', budget);
}

/** A cut body can only prove that something is present: the part after the cut is unknown. */
function cutBodyMismatch({ compare, value }: Assertion, beginning: string, budget: WorkBudget): string | null {
  const found = (): boolean => {
    if (compare === 'contains' || compare === 'notContains') return containsText(beginning, String(value), budget);
    // A match that ends at the cut may be caused by the cut, as with the pattern `end$`.
    const match = firstMatch(compileRegex(String(value)), beginning, budget);
    return match !== null && match.end < beginning.length;
  };
  const proven = 'the beginning of the body contains it';
  if (compare === 'exists') return null;
  if (compare === 'notExists') return 'got a body';
  if ((compare === 'contains' || compare === 'matches') && found()) return null;
  if ((compare === 'notContains' || compare === 'notMatches') && found()) return proven;
  throw new Error('the body was cut at the size limit');
}

function jsonMismatch(assertion: Assertion, answer: Answer, budget: WorkBudget): string | null {
  const { compare, value, property } = assertion;
  const path = property === undefined || property === '' ? '$' : property;
  const nodes = selectValues(parsedBody(answer, budget), readPath(path, budget), budget);
  if (compare === 'exists') return nodes.length > 0 ? null : 'nothing is there';
  if (compare === 'notExists') return nodes.length === 0 ? null : `got ${shown(nodes[0], budget)}`;
  const [first] = nodes;
  if (first === undefined) throw new Error('nothing is there');
  if (compare === 'schema') {
    for (const node of nodes) {
      const mismatch = jsonSchemaMismatch(value, node, budget);
      if (mismatch !== null) return mismatch;
    }
    return null;
  }
  const failing = failingOf(compare, nodes, value, budget);
  return failing === undefined ? null : `got ${shown(failing, budget)}`;
}

/** The value, or list of values, for which the assertion does not hold. */
function failingOf(compare: AssertionCompare, nodes: readonly unknown[], value: unknown, budget: WorkBudget) {
  const several = nodes.length > 1;
  if (several && compare === 'contains') return holds(compare, nodes, value, budget) ? undefined : nodes;
  // `notContains` with several values is also evaluated for each value: a list of "an error" and other texts contains
  // "error".
  if (several && compare === 'notContains') return firstContaining(nodes, value, budget);
  return nodes.find((node) => !holds(compare, node, value, budget));
}

function tlsMismatch(assertion: Assertion, answer: Answer, budget: WorkBudget): string | null {
  const { tls, atMs } = answer;
  if (tls === undefined) throw new Error('the connection told nothing about TLS');
  const property = assertion.property as TlsProperty;
  const notAfterMs = tls.notAfter === undefined ? undefined : Date.parse(tls.notAfter);
  if (property === 'daysLeft') {
    const daysLeft = notAfterMs === undefined ? undefined : Math.floor((notAfterMs - atMs) / DAY_MS);
    return textMismatch(assertion, daysLeft?.toString(), 'the certificate was not seen', budget);
  }
  const fact = tls[property];
  if (isOrder(assertion.compare)) {
    if (fact === undefined) throw new Error('this is not known of the connection');
    const ordinal =
      property === 'notAfter' ? Date.parse : property === 'protocol' ? tlsVersion : (text: string) => text;
    return holds(assertion.compare, ordinal(fact), ordinal(String(assertion.value)), budget) ? null : `got ${fact}`;
  }
  return textMismatch(assertion, fact, 'this is not known of the connection', budget);
}

function tlsVersion(protocol: string): string {
  return TLS_VERSION.exec(protocol)?.[1] ?? protocol;
}

/** Evaluates a comparison with a text that may be missing; `absence` describes a missing one in words. */
function textMismatch(
  { compare, value }: Assertion,
  text: string | undefined,
  absence: string,
  budget: WorkBudget,
): string | null {
  if (compare === 'exists') return text === undefined ? absence : null;
  if (compare === 'notExists') return text === undefined ? null : `got ${shown(text, budget)}`;
  if (text === undefined) throw new Error(absence);
  const expected = Array.isArray(value) ? value.map(String) : String(value);
  return holds(compare, text, expected, budget) ? null : `got ${shown(text, budget)}`;
}

function isOrder(compare: AssertionCompare): boolean {
  return compare === 'lt' || compare === 'lte' || compare === 'gt' || compare === 'gte';
}

function readableBody(answer: Answer): string {
  if (answer.body === null) throw new Error(answer.unreadable ?? 'the body could not be read');
  return answer.body;
}

/** Parsed bodies by answer: up to fifty assertions about one answer parse its body once. */
const PARSED = new WeakMap<Answer, { readonly document: unknown }>();

function parsedBody(answer: Answer, budget: WorkBudget): unknown {
  const known = PARSED.get(answer);
  if (known !== undefined) return known.document;
  const text = readableBody(answer);
  if (answer.bodyCut) throw new Error('the body was cut at the size limit');
  const document = parseJson(text, budget);
  PARSED.set(answer, { document });
  return document;
}

/** Units of work for reading one character of a JSONPath. */
const PATH_CHARACTER_WORK = 100;

function readPath(path: string, budget: WorkBudget): JsonPath {
  budget.spend(path.length * PATH_CHARACTER_WORK);
  try {
    return readJsonPath(path);
  } catch (error) {
    throw error instanceof JsonPathError ? new Error(`the path ${error.message}`) : error;
  }
}

const COMPARE_WORDS = {
  eq: 'to be',
  ne: 'not to be',
  lt: 'to be below',
  lte: 'to be at most',
  gt: 'to be above',
  gte: 'to be at least',
  contains: 'to contain',
  notContains: 'not to contain',
  matches: 'to match',
  notMatches: 'not to match',
  exists: 'to exist',
  notExists: 'not to exist',
  in: 'to be one of',
  schema: 'to match the schema',
} as const satisfies Record<AssertionCompare, string>;

/** "header content-type to contain "json"" */
function claim({ source, property, compare, value }: Assertion): string {
  const subject = source === 'responseTime' ? 'response time' : source === 'json' ? '' : source;
  const named = [subject, property ?? (source === 'json' ? 'JSON' : '')].filter((part) => part !== '').join(' ');
  const words = `${named} ${COMPARE_WORDS[compare]}`;
  if (compare === 'exists' || compare === 'notExists' || compare === 'schema') return words;
  if (source === 'responseTime' && typeof value === 'number') return `${words} ${formatLatency(value)}`;
  return `${words} ${source === 'status' && typeof value === 'string' ? value : shown(value, new WorkBudget())}`;
}
