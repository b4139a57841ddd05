import { describe, expect, test } from 'vitest';
import { monitorCreateSchema } from '#domain/api/monitor.ts';
import { draftMessages } from './draft-messages.ts';

const MONITOR = { name: 'Shop', type: 'http', config: { url: 'https://shop.example/' } };
const again = 'give it again: the URL leads to another host';
const refusal = (path: string, draft: unknown) => ({ fieldErrors: new Map([[path, again]]), draft });

describe('what the API refused', () => {
  test('is said at its field until that field is changed', () => {
    const draft = { config: { url: 'https://next.example/', auth: { type: 'basic', password: 'kept' } } };
    const typed = { config: { ...draft.config, auth: { type: 'basic', password: 'open sesame' } } };
    const other = { config: { ...draft.config, url: 'https://third.example/' } };
    const said = (now: unknown) => [...draftMessages(now, [], refusal('config.auth.password', draft))];
    expect(said(draft)).toEqual([['config.auth.password', 'Give it again: the URL leads to another host.']]);
    expect(said(other)).toHaveLength(1);
    expect(said(typed)).toEqual([]);
  });

  test('is found in lists and behind names of headers', () => {
    const draft = { components: [{ name: 'a' }, { name: 'b' }], config: { headers: { 'X-Team': '•' } } };
    const mended = { components: [{ name: 'a' }, { name: 'c' }], config: { headers: { 'X-Team': 'a' } } };
    for (const path of ['components.1.name', 'config.headers.X-Team']) {
      expect(draftMessages(draft, [], refusal(path, draft)).has(path)).toBe(true);
      expect(draftMessages(mended, [], refusal(path, draft)).has(path)).toBe(false);
    }
  });

  test("stands behind the form's own rules", () => {
    const draft = { ...MONITOR, name: '' };
    const issues = monitorCreateSchema.safeParse(draft).error?.issues ?? [];
    expect(draftMessages(draft, issues, refusal('name', draft)).get('name')).toBe('Fill this in.');
  });
});
