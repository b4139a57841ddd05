import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { Overloaded } from './locations-page.tsx';

test.each([
  [0, ''],
  [1, '1 check missed in the last hour: too many at once'],
  [1240, '1,240 checks missed in the last hour: too many at once'],
])('%i checks that found no room are told as "%s"', (checks, words) => {
  expect(renderToStaticMarkup(<Overloaded checks={checks} />).replaceAll(/<[^>]*>/g, '')).toBe(words);
});
