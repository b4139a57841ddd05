import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createSecretBox } from './secret-box.ts';

const box = createSecretBox(randomBytes(32));

test('a sealed secret opens for its own context only', () => {
  const sealed = box.seal('whsec_ünïcode', 'channel:chn_1');
  expect(sealed).not.toContain('whsec');
  expect(box.open(sealed, 'channel:chn_1')).toBe('whsec_ünïcode');
  expect(() => box.open(sealed, 'channel:chn_2')).toThrow();
  expect(() => createSecretBox(randomBytes(32)).open(sealed, 'channel:chn_1')).toThrow();
});

test('the same secret is sealed differently each time, and a changed byte is noticed', () => {
  const sealed = box.seal('secret', 'c');
  expect(box.seal('secret', 'c')).not.toBe(sealed);
  const [version = '', nonce = '', body = ''] = sealed.split('.');
  const changed = `${body.startsWith('A') ? 'B' : 'A'}${body.slice(1)}`;
  expect(() => box.open([version, nonce, changed].join('.'), 'c')).toThrow();
  expect(() => box.open(`${version}.${nonce}.AAAA`, 'c')).toThrow();
  expect(() => box.open(`v9.${nonce}.${body}`, 'c')).toThrow();
});

test('a key of the wrong length is refused', () => {
  expect(() => createSecretBox(randomBytes(16))).toThrow(RangeError);
});
