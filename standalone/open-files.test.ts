import { expect, test } from 'vitest';
import { openFilesOf, openFilesSentence } from './open-files.ts';

test.each([
  ['1024', 768, 'may open 1,024 files (ulimit -n): enough for about 128 monitors'],
  ['4096', 3_840, 'about 640 monitors'],
  ['200', 6, 'about 1 monitors'],
])('with ulimit -n %s it says how many monitors that allows', (said, checksMax, words) => {
  const files = openFilesOf(said);
  expect(files.checksMax).toBe(checksMax);
  expect(openFilesSentence(files)).toContain(words);
});

test.each(['20000', '1048576', 'unlimited'])('with %s it says nothing', (said) => {
  expect(openFilesSentence(openFilesOf(said))).toBeNull();
});
