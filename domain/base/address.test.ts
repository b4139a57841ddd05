import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { isForbiddenAddress, isForbiddenHost } from './address.ts';

describe('addresses nobody may reach through us', () => {
  it.each([
    ['this host', '0.0.0.0'],
    ['loopback', '127.0.0.1'],
    ['all of loopback', '127.255.0.9'],
    ['private', '10.1.2.3'],
    ['private', '172.31.0.1'],
    ['private', '192.168.1.1'],
    ['cloud metadata', '169.254.169.254'],
    ['carrier-grade NAT, also Alibaba metadata', '100.100.100.200'],
    ['Azure metadata', '168.63.129.16'],
    ['IETF protocol assignments, also Oracle metadata', '192.0.0.192'],
    ['documentation', '203.0.113.7'],
    ['benchmarking', '198.18.0.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['unspecified v6', '::'],
    ['loopback v6', '::1'],
    ['link-local', 'fe80::1'],
    ['link-local with zone', 'fe80::1%eth0'],
    ['unique local', 'fd12:3456::1'],
    ['AWS metadata', 'fd00:ec2::254'],
    ['site-local', 'fec0::1'],
    ['multicast v6', 'ff02::1'],
    ['documentation v6', '2001:db8::1'],
    ['Teredo', '2001::1'],
    ['mapped private', '::ffff:10.0.0.1'],
    ['mapped private in hexadecimal', '::ffff:a00:1'],
    ['compatible private', '::10.0.0.1'],
    ['compatible in hexadecimal', '::a00:1'],
    ['NAT64 of private', '64:ff9b::10.0.0.1'],
    ['local NAT64', '64:ff9b:1::808:808'],
    ['6to4 of loopback', '2002:7f00:1::'],
    ['nothing', ''],
    ['no address', 'example.com'],
  ])('%s: %s', (_what, address) => {
    expect(isForbiddenAddress(address)).toBe(true);
  });

  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '100.63.255.255',
    '172.32.0.1',
    '2606:4700::1111',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
    '2002:808:808::1',
  ])('public: %s', (address) => {
    expect(isForbiddenAddress(address)).toBe(false);
  });
});

it('agrees with the registry of ipaddr.js on any IPv4 address, wherever it stands', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const forbidden = ipaddr.parse(address).range() !== 'unicast' || address === '168.63.129.16';
      const [a, b, c, d] = ipaddr.IPv4.parse(address).octets.map((octet) => octet.toString(16).padStart(2, '0'));
      expect(isForbiddenAddress(address)).toBe(forbidden);
      expect(isForbiddenAddress(`::ffff:${address}`)).toBe(forbidden);
      expect(isForbiddenAddress(`64:ff9b::${address}`)).toBe(forbidden);
      expect(isForbiddenAddress(`2002:${a}${b}:${c}${d}::1`)).toBe(forbidden);
    }),
    { numRuns: 2_000 },
  );
});

it('takes no IPv6 address that the registry of ipaddr.js does not know as unicast', () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      const range = ipaddr.parse(address).range();
      if (!['unicast', 'rfc6052', '6to4', 'ipv4Mapped'].includes(range)) expect(isForbiddenAddress(address)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

describe('hosts of URLs', () => {
  it.each([
    ['127.0.0.1', true],
    ['[::1]', true],
    ['[::ffff:7f00:1]', true],
    ['2130706433', true],
    ['0x7f.1', true],
    ['0177.0.0.1', true],
    ['localhost', true],
    ['LOCALHOST.', true],
    ['a.localhost', true],
    ['', true],
    ['example.com', false],
    ['localhost.example.com', false],
    ['[2606:4700::1111]', false],
    ['8.8.8.8', false],
  ])('%s', (host, forbidden) => {
    expect(isForbiddenHost(host)).toBe(forbidden);
  });
});
