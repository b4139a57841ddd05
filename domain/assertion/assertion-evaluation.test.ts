import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { monitorCreateSchema } from '../api/monitor.ts';
import {
  ASSERTION_COMPARES,
  ASSERTION_SOURCES,
  type Assertion,
  assertionShapeProblems,
  COMPARES_OF_SOURCE,
} from './assertion.ts';
import { type Answer, evaluateAssertion } from './assertion-evaluation.ts';
import { WorkBudget } from './work-budget.ts';
import { writtenAssertionProblems } from './written-assertions.ts';

const DOCUMENT = {
  status: 'ok',
  count: 5,
  text: '12',
  wei: '123456789012345678901234567890',
  none: null,
  flag: true,
  tags: ['a', 'b'],
  empty: [],
  notes: ['a fault occurred', 'fine', null],
  nested: { tags: ['z'] },
  items: [
    { id: 1, price: 10 },
    { id: 2, price: 20 },
  ],
};

const ANSWER: Answer = {
  status: 204,
  headers: [
    ['content-type', 'application/json; charset=utf-8'],
    ['x-count', '17'],
    ['vary', 'accept'],
    ['vary', 'origin'],
  ],
  body: JSON.stringify(DOCUMENT),
  bodyCut: false,
  responseTimeMs: 120.5,
  tls: {
    protocol: 'TLSv1.3',
    issuer: 'CN=Test CA',
    subject: 'CN=example.com',
    notAfter: '2026-12-02T12:00:00Z',
    fingerprintSha256: 'ab'.repeat(32),
  },
  atMs: Date.parse('2026-11-22T18:00:00Z'),
};

type Row = [source: Assertion['source'], property: string | null, compare: Assertion['compare'], value: unknown];

function assertion([source, property, compare, value]: Row): Assertion {
  return {
    source,
    compare,
    ...(property === null ? {} : { property }),
    ...(value === undefined ? {} : { value: value as Assertion['value'] & {} }),
  };
}

function judge(row: Row, answer: Partial<Answer> = {}): 'passed' | 'failed' | 'unevaluable' {
  const judgement = evaluateAssertion(assertion(row), { ...ANSWER, ...answer }, new WorkBudget());
  if (judgement.passed) return 'passed';
  return judgement.reason === 'assertion_failed' ? 'failed' : 'unevaluable';
}

describe('a claim that holds, and the same with another value', () => {
  it.each<[...Row, unknown]>([
    ['status', null, 'eq', 204, 200],
    ['status', null, 'eq', '2xx', '3xx'],
    ['status', null, 'eq', '200-299', '300-399'],
    ['status', null, 'eq', '200, 201-204', '200,301'],
    ['status', null, 'ne', '5xx', '2xx'],
    ['status', null, 'in', [301, '200-204'], [301, '4xx']],
    ['status', null, 'in', '204,301', '301'],
    ['status', null, 'lt', 300, 204],
    ['status', null, 'lte', 204, 203],
    ['status', null, 'gt', 203, 204],
    ['status', null, 'gte', '204', 205],
    ['status', null, 'matches', '^2', '^3'],
    ['status', null, 'notMatches', '^5', '4$'],
    ['responseTime', null, 'lt', 500, 120],
    ['responseTime', null, 'gte', 100, 121],
    ['responseTime', null, 'lte', '120.5', '120.4'],
    ['header', 'Content-Type', 'contains', 'json', 'html'],
    ['header', 'content-type', 'notContains', 'html', 'utf'],
    ['header', 'content-type', 'matches', '^application/(json|xml)', '^json'],
    ['header', 'content-type', 'eq', 'application/json; charset=utf-8', 'application/json'],
    ['header', 'vary', 'eq', 'accept, origin', 'accept'],
    ['header', 'x-count', 'eq', 17, 18],
    ['header', 'x-count', 'ne', '18', '17'],
    ['header', 'x-count', 'gt', 16, 17],
    ['header', 'x-count', 'in', ['16', 17], ['1', '7']],
    ['body', null, 'contains', '"status":"ok"', 'error'],
    ['body', null, 'notContains', 'error', 'ok'],
    ['body', null, 'matches', '"count":\\d+', 'count=\\d+'],
    ['body', null, 'notMatches', '(?i)ERROR', '(?i)OK'],
    ['body', null, 'schema', { type: 'object' }, { type: 'array' }],
    ['json', '$.status', 'eq', 'ok', 'OK'],
    ['json', '$.count', 'eq', 5, '5'],
    ['json', '$.none', 'eq', null, 0],
    ['json', '$.none', 'ne', 'x', null],
    ['json', '$.tags', 'eq', ['a', 'b'], ['b', 'a']],
    ['json', '$.count', 'ne', 6, 5],
    ['json', '$.count', 'gt', 4.5, 5],
    ['json', '$.text', 'lt', 13, 12],
    ['json', '$.wei', 'gt', '123456789012345678901234567889', '123456789012345678901234567890'],
    ['json', '$.status', 'contains', 'o', 'x'],
    ['json', '$.tags', 'contains', 'a', 'c'],
    ['json', '$.tags', 'notContains', 'c', 'a'],
    ['json', '$', 'contains', 'status', 'stat'],
    ['json', '$.items[*].id', 'contains', 2, 3],
    ['json', '$.items[*].id', 'notContains', 3, 2],
    ['json', '$.notes[*]', 'notContains', 'warning', 'fault'],
    ['json', '$.notes[*]', 'contains', 'fine', 'fault'],
    ['json', '$..tags', 'notContains', 'c', 'a'],
    ['json', '$[?@.id || @ == "ok"]', 'notContains', 'fail', 'ok'],
    ['json', '$.items[*].price', 'gte', 10, 11],
    ['json', '$.items[?@.price > 15].id', 'eq', 2, 1],
    ['json', '$.status', 'matches', '^o', '^k'],
    ['json', '$.status', 'in', ['ok', 'fine'], ['bad']],
    ['json', '$.items[0]', 'schema', { required: ['id'] }, { required: ['name'] }],
    ['json', '$.items[*]', 'schema', { properties: { id: { maximum: 2 } } }, { properties: { id: { maximum: 1 } } }],
    [
      'json',
      null,
      'schema',
      { properties: { status: { pattern: '^o.$' } } },
      { properties: { status: { pattern: '^x' } } },
    ],
    ['tls', 'protocol', 'gte', 'TLSv1.2', 'TLSv1.3.'],
    ['tls', 'protocol', 'in', ['TLSv1.2', 'TLSv1.3'], ['TLSv1.2']],
    ['tls', 'daysLeft', 'gt', 8, 9],
    ['tls', 'notAfter', 'gt', '2026-12-01', '2026-12-03'],
    ['tls', 'issuer', 'contains', 'Test', 'Real'],
    ['tls', 'fingerprintSha256', 'eq', 'ab'.repeat(32), 'cd'.repeat(32)],
  ])('%s %s %s %j, not %j', (source, property, compare, value, other) => {
    expect(judge([source, property, compare, value])).toBe('passed');
    expect(judge([source, property, compare, other])).not.toBe('passed');
  });
});

describe('presence', () => {
  it.each<[...Row]>([
    ['header', 'x-count', 'exists', undefined],
    ['header', 'x-none', 'notExists', undefined],
    ['json', '$.none', 'exists', undefined],
    ['json', '$.nothing', 'notExists', undefined],
    ['body', null, 'exists', undefined],
    ['tls', 'issuer', 'exists', undefined],
  ])('%s %s %s', (source, property, compare, value) => {
    expect(judge([source, property, compare, value])).toBe('passed');
    const opposite = compare === 'exists' ? 'notExists' : 'exists';
    expect(judge([source, property, opposite, value])).toBe('failed');
  });

  it('of an empty body', () => {
    expect(judge(['body', null, 'notExists', undefined], { body: '' })).toBe('passed');
    expect(judge(['body', null, 'exists', undefined], { body: '' })).toBe('failed');
  });
});

describe('what cannot be evaluated fails, never passes', () => {
  it.each<[string, Row, Partial<Answer>?]>([
    ['a missing header is not unequal', ['header', 'x-none', 'ne', 'a']],
    ['a missing header does not lack a word', ['header', 'x-none', 'notContains', 'a']],
    ['a missing header does not fail to match', ['header', 'x-none', 'notMatches', 'a']],
    ['a missing value is not unequal', ['json', '$.nothing', 'ne', 1]],
    ['an empty list has no members to judge', ['json', '$.empty[*]', 'lt', 5]],
    ['no JSON', ['json', '$.status', 'notExists', undefined], { body: '<html>' }],
    ['no JSON', ['json', '$.status', 'eq', 'ok'], { body: '{"status":"ok"' }],
    ['no JSON for a schema', ['body', null, 'schema', true], { body: '' }],
    ['a broken path', ['json', '$.[', 'notExists', undefined]],
    ['a path with a backtracking expression', ['json', "$[?match(@, 'a')]", 'notExists', undefined]],
    ['a broken expression', ['body', null, 'notMatches', '(']],
    ['back-references are not RE2', ['body', null, 'notMatches', '(a)\\1']],
    ['a broken schema', ['json', '$', 'schema', { properties: { status: { $ref: '#/nowhere' } } }]],
    ['a schema that calls itself for ever', ['json', '$', 'schema', { $ref: '#' }]],
    ['text is not below a number', ['json', '$.status', 'lt', 5]],
    ['a list is not below a number', ['json', '$.tags', 'lt', 5]],
    ['an empty header is no number', ['header', 'x-count', 'lt', 5], { headers: [['x-count', '']] }],
    ['5 and "5" are not comparably unequal', ['json', '$.count', 'ne', '5']],
    ['a number contains nothing', ['json', '$.count', 'notContains', 'a']],
    ['5 and "5" are not comparably absent', ['json', '$.items[*].id', 'notContains', '1']],
    ['nor inside a list', ['json', '$.numbers', 'notContains', '1'], { body: '{"numbers":[1]}' }],
    ['a number too long to be exact', ['json', '$.count', 'lt', '9'.repeat(101)]],
    ['an object is not text', ['json', '$.items[0]', 'notMatches', 'a']],
    ['nothing is known of TLS', ['tls', 'issuer', 'notExists', undefined], { tls: undefined }],
    ['the date is not known', ['tls', 'daysLeft', 'lt', 5], { tls: {} }],
    ['a body that could not be read', ['body', null, 'notContains', 'a'], { body: null }],
    ['a value that is missing', ['body', null, 'notContains', undefined]],
    ['a comparison without meaning', ['status', null, 'notContains', '5']],
  ])('%s: %j', (_reason, row, answer) => {
    expect(judge(row, answer)).toBe('unevaluable');
  });

  it('never throws or passes by itself, for any source and comparison without a value', () => {
    for (const source of ASSERTION_SOURCES) {
      for (const compare of ASSERTION_COMPARES) {
        if (compare === 'exists' || compare === 'notExists') continue;
        expect(judge([source, '$.count', compare, undefined]), `${source} ${compare}`).toBe('unevaluable');
      }
    }
  });
});

describe('a claim and its opposite', () => {
  const OPPOSITES = [
    ['eq', 'ne'],
    ['contains', 'notContains'],
    ['matches', 'notMatches'],
    ['exists', 'notExists'],
    ['lt', 'gte'],
    ['gt', 'lte'],
  ] as const;
  const claim = fc.record({
    source: fc.constantFrom(...ASSERTION_SOURCES),
    property: fc.constantFrom('$.a', '$..*', '$[0]', 'x-a', 'daysLeft', 'protocol'),
    value: fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom('a', '1', '[a-z]', '2xx')),
  });
  const answer = fc.record({
    body: fc.oneof(fc.json({ maxDepth: 2 }), fc.string(), fc.constant(null)),
    bodyCut: fc.boolean(),
    headers: fc.constantFrom<Answer['headers']>([], [['x-a', 'a']], [['x-a', '17']]),
    tls: fc.constantFrom(undefined, {}, ANSWER.tls),
  });

  it('never both hold, of whatever answer', () => {
    fc.assert(
      fc.property(claim, fc.constantFrom(...OPPOSITES), answer, ({ source, property, value }, pair, facts) => {
        const [first, second] = pair.map((compare) => judge([source, property, compare, value], facts));
        expect(first === 'passed' && second === 'passed').toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a body that was cut at the size limit', () => {
  const cut = { body: 'hello, here is the beg', bodyCut: true };
  it.each<[string, Row, string]>([
    ['what is in the beginning is there', ['body', null, 'contains', 'hello'], 'passed'],
    ['what matches before the cut is there', ['body', null, 'matches', 'h.re'], 'passed'],
    ['something is there', ['body', null, 'exists', undefined], 'passed'],
    ['what must not be there is', ['body', null, 'notContains', 'hello'], 'failed'],
    ['what must not match does', ['body', null, 'notMatches', 'h.re'], 'failed'],
    ['absence cannot be claimed', ['body', null, 'notContains', 'error'], 'unevaluable'],
    ['nor that nothing matches', ['body', null, 'notMatches', 'err.r'], 'unevaluable'],
    ['the rest may contain it', ['body', null, 'contains', 'error'], 'unevaluable'],
    ['an end that is the cut is no end', ['body', null, 'matches', 'beg$'], 'unevaluable'],
    ['it is not equal to anything', ['body', null, 'ne', 'x'], 'unevaluable'],
    ['it is no JSON', ['json', '$.a', 'notExists', undefined], 'unevaluable'],
  ])('%s', (_reason, row, expected) => {
    expect(judge(row, cut)).toBe(expected);
  });
});

describe('messages', () => {
  it.each<[string, Row]>([
    ['expected status to be 200-299, got 503', ['status', null, 'eq', '200-299']],
    ['expected response time to be below 100 ms, got 121 ms', ['responseTime', null, 'lt', 100]],
    ['expected header x-none to be "a", but there is no such header', ['header', 'x-none', 'eq', 'a']],
    ['expected $.count to be 6, got 5', ['json', '$.count', 'eq', 6]],
    ['expected body not to contain "wei", got "{\\"status\\":\\"ok\\",', ['body', null, 'notContains', 'wei']],
  ])('%s', (message, row) => {
    expect(evaluateAssertion(assertion(row), { ...ANSWER, status: 503 }, new WorkBudget()).message).toContain(message);
  });

  it('stay short, whatever the body is', () => {
    const body = 'x'.repeat(1_000_000);
    const row: Row = ['body', null, 'eq', 'y'.repeat(5000)];
    const { message } = evaluateAssertion(assertion(row), { ...ANSWER, body }, new WorkBudget());
    expect(message.length).toBeLessThan(300);
  });
});

describe('hostile expressions', () => {
  // A backtracking engine would not end within any test timeout.
  it('are matched in linear time, also inside a schema', () => {
    const evil = 'a'.repeat(50_000);
    expect(judge(['body', null, 'matches', '^(a+)+$'], { body: `${evil}!` })).toBe('failed');
    expect(judge(['json', null, 'schema', { pattern: '^(a+)+$' }], { body: JSON.stringify(`${evil}!`) })).toBe(
      'failed',
    );
  });

  it('leave nothing behind in the schema library', () => {
    expect(judge(['json', '$.status', 'schema', { pattern: '^ok$' }])).toBe('passed');
    expect(judge(['json', '$.status', 'schema', { format: 'blacktide-pattern:^ok$', const: 'ok' }])).toBe('passed');
    expect(judge(['json', '$.status', 'schema', { format: 'blacktide-pattern:^x$' }])).toBe('passed');
  });

  it('know a property called pattern from the keyword', () => {
    const schema = { properties: { pattern: { type: 'string', pattern: '^a' } }, required: ['pattern'] };
    expect(judge(['json', '$', 'schema', schema], { body: '{"pattern":"abc"}' })).toBe('passed');
    expect(judge(['json', '$', 'schema', schema], { body: '{"pattern":"b"}' })).toBe('failed');
    expect(judge(['json', '$', 'schema', { const: { pattern: '(' } }], { body: '{"pattern":"("}' })).toBe('passed');
  });
});

function problemsIn(written: Assertion) {
  return [...assertionShapeProblems(written), ...writtenAssertionProblems([written])];
}

describe('at the border', () => {
  function problemsOf(...rows: Row[]): string[] {
    const parsed = monitorCreateSchema.safeParse({
      name: 'x',
      type: 'http',
      config: { url: 'https://example.com', assertions: rows.map(assertion) },
    });
    return parsed.success ? [] : parsed.error.issues.map((issue) => issue.path.join('.'));
  }

  it.each<[string, Row, string]>([
    ['a comparison without meaning', ['status', null, 'contains', '2'], 'compare'],
    ['no value', ['body', null, 'contains', undefined], 'value'],
    ['an empty word is in every body', ['body', null, 'contains', ''], 'value'],
    ['no such status', ['status', null, 'eq', '9xx1'], 'value'],
    ['a range upside down', ['status', null, 'eq', '299-200'], 'value'],
    ['no header name', ['header', null, 'exists', undefined], 'property'],
    ['not a header name', ['header', 'a b', 'exists', undefined], 'property'],
    ['no path', ['json', null, 'exists', undefined], 'property'],
    ['a broken path', ['json', '$.[', 'exists', undefined], 'property'],
    ['a path that backtracks', ['json', "$[?search(@.a, 'x')]", 'exists', undefined], 'property'],
    ['no such TLS fact', ['tls', 'colour', 'exists', undefined], 'property'],
    ['a property where there is none', ['status', 'x', 'eq', 200], 'property'],
    ['a broken expression', ['body', null, 'matches', '('], 'value'],
    ['look-ahead', ['header', 'server', 'matches', '(?=a)'], 'value'],
    ['no number', ['responseTime', null, 'lt', 'fast'], 'value'],
    ['no list', ['header', 'server', 'in', 'nginx'], 'value'],
    ['an empty list', ['header', 'server', 'in', []], 'value'],
    ['what is no text', ['body', null, 'in', ['a', {}]], 'value'],
    ['no schema', ['json', null, 'schema', 'object'], 'value'],
    ['a reference to nowhere', ['json', null, 'schema', { $ref: '#/$defs/a' }], 'value'],
    ['a broken pattern', ['json', null, 'schema', { pattern: '(' }], 'value'],
    ['patternProperties', ['json', null, 'schema', { patternProperties: { a: true } }], 'value'],
    ['too much to send to every location', ['body', null, 'eq', 'x'.repeat(70_000)], 'value'],
  ])('%s is refused with its path', (_reason, row, field) => {
    expect(problemsOf(['status', null, 'eq', 200], row)).toEqual([`config.assertions.1.${field}`]);
    expect(problemsIn(assertion(row)).map((problem) => problem.path)).toEqual([field]);
  });

  it('accepts at least one claim for every source and comparison that has a meaning', () => {
    const value = { eq: 200, ne: 200, in: [200], contains: 'a', notContains: 'a', matches: 'a', notMatches: 'a' };
    const rest = { lt: 1, lte: 1, gt: 1, gte: 1, exists: undefined, notExists: undefined, schema: { type: 'object' } };
    const property = { status: null, responseTime: null, body: null, header: 'server', json: '$.a', tls: 'daysLeft' };
    for (const source of ASSERTION_SOURCES) {
      for (const compare of COMPARES_OF_SOURCE[source]) {
        const row: Row = [source, property[source], compare, { ...value, ...rest }[compare]];
        expect(problemsIn(assertion(row)), `${source} ${compare}`).toEqual([]);
      }
    }
  });
});
