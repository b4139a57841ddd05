import { expect, test } from 'vitest';
import { codedTag, contentTag, matchesTag } from './entity-tag.ts';

test('each coding has a tag of its own, and all of them name the same content', () => {
  const tags = (['identity', 'gzip', 'br'] as const).map((coding) => codedTag('"7"', coding));
  expect(tags).toEqual(['"7"', '"7-gzip"', '"7-br"']);
  expect(tags.map(contentTag)).toEqual(['"7"', '"7"', '"7"']);
  expect(contentTag('"7-gzip-x"')).toBe('"7-gzip-x"');
});

test.each([
  [undefined, false],
  [null, false],
  ['', false],
  ['"7"', true],
  ['W/"7"', true],
  ['"6" , "7"', true],
  ['*', true],
  ['"7-gzip"', false],
  ['7', false],
])('If-None-Match: %s confirms "7": %s', (ifNoneMatch, confirmed) => {
  expect(matchesTag(ifNoneMatch, '"7"')).toBe(confirmed);
});
