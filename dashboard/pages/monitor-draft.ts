import type { Monitor } from '#domain/api/monitor-answers.ts';
import type { Assertion } from '#domain/assertion/assertion.ts';
import { LOCATION_IDS, type LocationId } from '#domain/check/location.ts';
import type { HttpConfig } from '#domain/check/monitor.ts';

/** A monitor in its form: text as typed, and the request made of it. Pure. */

export interface Pair {
  readonly key: string;
  readonly name: string;
  readonly value: string;
}

export interface AssertionDraft {
  readonly key: string;
  readonly source: Assertion['source'];
  readonly property: string;
  readonly compare: Assertion['compare'];
  readonly value: string;
}

export interface MonitorDraft {
  readonly url: string;
  readonly name: string;
  readonly intervalSeconds: string;
  readonly timeoutMs: string;
  readonly locations: readonly LocationId[];
  readonly tags: string;
  /** Empty for the majority. */
  readonly quorum: string;
  readonly method: HttpConfig['method'];
  readonly headers: readonly Pair[];
  readonly body: string;
  readonly authType: 'none' | 'basic' | 'bearer';
  readonly username: string;
  readonly password: string;
  readonly token: string;
  /** The kind of sign-in of the saved monitor. Its secret is never shown, and kept while the field is empty. */
  readonly storedAuth: 'none' | 'basic' | 'bearer';
  readonly followRedirects: boolean;
  readonly maxRedirects: string;
  readonly assertions: readonly AssertionDraft[];
}

export const EMPTY_DRAFT: MonitorDraft = {
  url: '',
  name: '',
  intervalSeconds: '60',
  timeoutMs: '10000',
  locations: LOCATION_IDS,
  tags: '',
  quorum: '',
  method: 'GET',
  headers: [],
  body: '',
  authType: 'none',
  username: '',
  password: '',
  token: '',
  storedAuth: 'none',
  followRedirects: true,
  maxRedirects: '10',
  assertions: [],
};

/** Comparisons that need no value. */
export const VALUELESS: ReadonlySet<Assertion['compare']> = new Set(['exists', 'notExists']);
/** Sources that need a property. */
export const NEEDS_PROPERTY: ReadonlySet<Assertion['source']> = new Set(['header', 'json', 'tls']);

const TEXTUAL: ReadonlySet<Assertion['compare']> = new Set(['contains', 'notContains', 'matches', 'notMatches']);

/** The default name of a monitor: api.example.com for https://api.example.com/health. */
export function nameFromUrl(url: string): string {
  try {
    return new URL(withScheme(url)).host;
  } catch {
    return '';
  }
}

/** Adds https to a host name without a scheme. */
export function withScheme(url: string): string {
  const trimmed = url.trim();
  return trimmed === '' || /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`;
}

export function draftOf(monitor: Monitor): MonitorDraft {
  const { config } = monitor;
  const { auth } = config;
  return {
    url: config.url,
    name: monitor.name,
    intervalSeconds: String(monitor.intervalSeconds),
    timeoutMs: String(monitor.timeoutMs),
    locations: monitor.locations.map(({ id }) => id),
    tags: monitor.tags.join(', '),
    quorum: monitor.confirm.quorum === null ? '' : String(monitor.confirm.quorum),
    method: config.method,
    headers: Object.entries(config.headers).map(([name, value]) => ({ key: name, name, value })),
    body: config.body ?? '',
    authType: auth?.type ?? 'none',
    username: auth?.type === 'basic' ? auth.username : '',
    password: '',
    token: '',
    storedAuth: auth?.type ?? 'none',
    followRedirects: config.followRedirects,
    maxRedirects: String(config.maxRedirects),
    assertions: config.assertions.map((assertion, index) => ({
      key: String(index),
      source: assertion.source,
      property: assertion.property ?? '',
      compare: assertion.compare,
      value: assertion.value === undefined ? '' : valueText(assertion.value),
    })),
  };
}

/** The body of POST /monitors, not yet validated: text that is not a number is passed on for its error message. */
export function requestOf(draft: MonitorDraft) {
  return {
    type: 'http' as const,
    name: draft.name.trim() === '' ? nameFromUrl(draft.url) : draft.name.trim(),
    intervalSeconds: numberOf(draft.intervalSeconds),
    timeoutMs: numberOf(draft.timeoutMs),
    locations: LOCATION_IDS.filter((id) => draft.locations.includes(id)),
    tags: tagsOf(draft.tags),
    confirm: { quorum: draft.quorum === '' ? null : numberOf(draft.quorum) },
    config: {
      url: withScheme(draft.url),
      method: draft.method,
      headers: Object.fromEntries(
        draft.headers.filter(({ name }) => name.trim() !== '').map(({ name, value }) => [name.trim(), value]),
      ),
      ...(draft.body === '' ? {} : { body: draft.body }),
      ...authOf(draft),
      followRedirects: draft.followRedirects,
      maxRedirects: numberOf(draft.maxRedirects),
      assertions: draft.assertions.map(assertionOf),
    },
  };
}

/** Whether the secret of the saved monitor is kept. */
function keepsSecret(draft: MonitorDraft): boolean {
  if (draft.authType === 'none' || draft.authType !== draft.storedAuth) return false;
  return draft.authType === 'basic' ? draft.password === '' : draft.token === '';
}

/** The request for validation by the schema of a whole monitor: a kept secret is filled in. */
export function judgeableOf(draft: MonitorDraft) {
  return requestOf(keepsSecret(draft) ? { ...draft, storedAuth: 'none', password: 'kept', token: 'kept' } : draft);
}

/** The body of POST /monitors/test: the members that a check needs. */
export function testRequestOf(draft: MonitorDraft) {
  return testPart(requestOf(draft));
}

/** The request of a test for validation: a kept secret is filled in. */
export function testableOf(draft: MonitorDraft) {
  return testPart(judgeableOf(draft));
}

function testPart({ type, timeoutMs, locations, config }: ReturnType<typeof requestOf>) {
  return { type, timeoutMs, locations, config };
}

function authOf(draft: MonitorDraft) {
  switch (draft.authType) {
    case 'none':
      return {};
    case 'basic': {
      const { username, password } = draft;
      return { auth: { type: 'basic' as const, username, ...(keepsSecret(draft) ? {} : { password }) } };
    }
    case 'bearer':
      return { auth: { type: 'bearer' as const, ...(keepsSecret(draft) ? {} : { token: draft.token }) } };
  }
}

function assertionOf(draft: AssertionDraft): Assertion {
  return {
    source: draft.source,
    compare: draft.compare,
    ...(NEEDS_PROPERTY.has(draft.source) ? { property: draft.property.trim() } : {}),
    ...(VALUELESS.has(draft.compare) ? {} : { value: expectedOf(draft) }),
  };
}

/**
 * The value of the typed text: a list for `in`, JSON for a schema and for JSON values, a number for a numeric source,
 * otherwise the text.
 */
function expectedOf({ source, compare, value }: AssertionDraft): NonNullable<Assertion['value']> {
  if (compare === 'in') return value.split(',').map((part) => scalarOf(source, part.trim()));
  if (compare === 'schema') return parsedOr(value, value);
  if (TEXTUAL.has(compare)) return value;
  return scalarOf(source, value);
}

function scalarOf(source: Assertion['source'], text: string): NonNullable<Assertion['value']> {
  if (source === 'body' || source === 'header') return text;
  return parsedOr(text, text);
}

function parsedOr(text: string, otherwise: string): NonNullable<Assertion['value']> {
  try {
    return JSON.parse(text);
  } catch {
    return otherwise;
  }
}

function valueText(value: Assertion['value']): string {
  if (Array.isArray(value)) return value.map((part) => valueText(part)).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function tagsOf(text: string): string[] {
  return [...new Set(text.split(',').map((tag) => tag.trim()))].filter((tag) => tag !== '');
}

function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}
