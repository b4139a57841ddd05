import type { ReactElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { DarkFor, Overloaded } from './locations-page.tsx';

const textOf = (element: ReactElement) => renderToStaticMarkup(element).replaceAll(/<[^>]*>/g, '');

test('a dark location says for whom it is dark', () => {
  expect(textOf(<DarkFor whom={null} />)).toBe('');
  expect(textOf(<DarkFor whom="everybody" />)).toBe('for all monitors of the installation');
  expect(textOf(<DarkFor whom="organization" />)).toMatch(/^for your organization/);
});

test.each([
  [0, ''],
  [1, '1 check missed in the last hour: too many at once'],
  [1240, '1,240 checks missed in the last hour: too many at once'],
])('%i checks that found no room are told as "%s"', (checks, words) => {
  expect(textOf(<Overloaded checks={checks} />)).toBe(words);
});
