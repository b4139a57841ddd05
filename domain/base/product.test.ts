import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { userAgent } from './product.ts';

test('the product calls itself by the version it is', () => {
  const version = /^BlackTide\/([0-9.]+) /.exec(userAgent('bot'))?.[1];
  expect(manifest.version.split('.').slice(0, 2).join('.')).toBe(version);
});
