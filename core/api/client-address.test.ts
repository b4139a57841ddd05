import { expect, test } from 'vitest';
import { addressReader, neighbourhoodOf } from './client-address.ts';

test.each([
  ['nobody is trusted: what is forwarded is a claim', [], '192.0.2.1', '198.51.100.7', '192.0.2.1'],
  ['a proxy of ours tells who called it', ['10.0.0.0/8'], '10.1.2.3', '198.51.100.7', '198.51.100.7'],
  [
    'what the caller wrote before that counts for nothing',
    ['10.0.0.0/8'],
    '10.0.0.1',
    '1.1.1.1, 198.51.100.7',
    '198.51.100.7',
  ],
  [
    'two proxies, one behind the other',
    ['10.0.0.0/8', '::1'],
    '::1',
    '1.1.1.1, 198.51.100.7, 10.9.9.9',
    '198.51.100.7',
  ],
  ['whoever is not a proxy cannot say so', ['10.0.0.0/8'], '192.0.2.1', '10.0.0.1', '192.0.2.1'],
  ['IPv4 over an IPv6 socket', ['127.0.0.0/8'], '::ffff:127.0.0.1', '198.51.100.7', '198.51.100.7'],
  ['addresses with ports and brackets', ['127.0.0.1'], '127.0.0.1', '[2001:db8::1]:443', '2001:db8::1'],
  ['addresses of a network interface', ['fe80::/10'], 'fe80::1%eth0', '198.51.100.7', '198.51.100.7'],
  ['only proxies: the farthest', ['10.0.0.0/8'], '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ['nonsense names nobody', ['10.0.0.0/8'], '10.0.0.1', '198.51.100.7, unknown', '10.0.0.1'],
  ['nothing forwarded', ['10.0.0.0/8'], '10.0.0.1', undefined, '10.0.0.1'],
])('%s', (_, proxies, peer, forwardedFor, expected) => {
  expect(addressReader(proxies)(peer, forwardedFor)).toBe(expected);
});

test('an IPv6 address is counted with its /64, an IPv4 address alone', () => {
  expect(neighbourhoodOf('192.0.2.1')).toBe('192.0.2.1');
  expect(neighbourhoodOf('2001:db8:0:7::1')).toBe('2001:db8:0:7::/64');
  expect(neighbourhoodOf('2001:0db8:0000:0007:ffff:1:2:3')).toBe('2001:db8:0:7::/64');
  expect(neighbourhoodOf('2001:db8::1')).toBe('2001:db8:0:0::/64');
  expect(neighbourhoodOf('::1')).toBe('0:0:0:0::/64');
});
