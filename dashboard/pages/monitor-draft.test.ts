import { describe, expect, test } from 'vitest';
import { monitorCreateSchema } from '#domain/api/monitor.ts';
import { mergePatch } from '../api/merge-patch.ts';
import { monitor } from '../fixtures/answers.ts';
import { type AssertionDraft, draftOf, EMPTY_DRAFT, judgeableOf, nameFromUrl, requestOf } from './monitor-draft.ts';

function assertion(patch: Partial<AssertionDraft>): AssertionDraft {
  return { key: '1', source: 'status', property: '', compare: 'eq', value: '', ...patch };
}

function sent(patch: Partial<AssertionDraft>) {
  return requestOf({ ...EMPTY_DRAFT, assertions: [assertion(patch)] }).config.assertions[0];
}

describe('a new monitor', () => {
  test('needs nothing but a URL', () => {
    const request = requestOf({ ...EMPTY_DRAFT, url: ' shop.example:8443/health ' });
    expect(request).toMatchObject({ name: 'shop.example:8443', config: { url: 'https://shop.example:8443/health' } });
    expect(monitorCreateSchema.safeParse(request).success).toBe(true);
  });

  test('has no name from what is no URL', () => {
    expect(nameFromUrl('https://')).toBe('');
    expect(nameFromUrl('')).toBe('');
  });

  test('is refused with a number that is none', () => {
    const issues = monitorCreateSchema.safeParse(
      requestOf({ ...EMPTY_DRAFT, url: 'https://a.example', intervalSeconds: 'often', timeoutMs: '' }),
    ).error?.issues;
    expect(issues?.map(({ path }) => path.join('.'))).toEqual(['intervalSeconds', 'timeoutMs']);
  });

  test('has each tag once', () => {
    expect(requestOf({ ...EMPTY_DRAFT, tags: 'api, production,,api' }).tags).toEqual(['api', 'production']);
  });
});

describe('what is typed into an assertion', () => {
  test.each([
    ['a status', { value: '204' }, { source: 'status', compare: 'eq', value: 204 }],
    ['a range', { value: '2xx' }, { source: 'status', compare: 'eq', value: '2xx' }],
    ['a list', { compare: 'in', value: '200, 3xx' }, { source: 'status', compare: 'in', value: [200, '3xx'] }],
    [
      'text of a body, even when it looks like a number',
      { source: 'body', compare: 'contains', value: '42' },
      { source: 'body', compare: 'contains', value: '42' },
    ],
    [
      'a JSON value',
      { source: 'json', property: ' $.ok ', compare: 'eq', value: 'true' },
      { source: 'json', property: '$.ok', compare: 'eq', value: true },
    ],
    [
      'presence, without a value',
      { source: 'header', property: 'etag', compare: 'exists', value: 'left over' },
      { source: 'header', property: 'etag', compare: 'exists' },
    ],
    [
      'a JSON Schema',
      { source: 'body', compare: 'schema', value: '{"type":"object"}' },
      { source: 'body', compare: 'schema', value: { type: 'object' } },
    ],
  ] as const)('%s', (_, draft, expected) => {
    expect(sent(draft)).toEqual(expected);
  });
});

describe('an edit', () => {
  const saved = monitor({
    config: {
      url: 'https://shop.example/health',
      headers: { 'x-a': '1', 'x-b': '2' },
      auth: { type: 'bearer' },
      assertions: [{ source: 'status', compare: 'in', value: [200, '3xx'] }],
    },
  });
  const before = draftOf(saved);

  test('that changes nothing sends nothing', () => {
    expect(mergePatch(requestOf(before), requestOf(draftOf(saved)))).toEqual({});
  });

  test('sends what changed, and null for what is gone', () => {
    const after = { ...before, name: 'Shop EU', headers: before.headers.slice(1) };
    expect(mergePatch(requestOf(before), requestOf(after))).toEqual({
      name: 'Shop EU',
      config: { headers: { 'x-a': null } },
    });
  });

  test('keeps a secret that was not typed again, and is valid without it', () => {
    expect(requestOf(before).config).toMatchObject({ auth: { type: 'bearer' } });
    expect(monitorCreateSchema.safeParse(judgeableOf(before)).success).toBe(true);
    expect(mergePatch(requestOf(before), requestOf({ ...before, token: 'new' }))).toEqual({
      config: { auth: { token: 'new' } },
    });
  });

  test('can stop signing in', () => {
    const result = monitorCreateSchema.safeParse(judgeableOf({ ...before, authType: 'none' }));
    expect(result.success).toBe(true);
    expect(mergePatch(requestOf(before), requestOf({ ...before, authType: 'none' }))).toEqual({
      config: { auth: null },
    });
  });
});
