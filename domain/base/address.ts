import ipaddr from 'ipaddr.js';

/**
 * Addresses that checks and webhooks may not reach unless the operator allows private targets. Every adapter that opens
 * connections uses this: a name is judged by the addresses that it resolves to, at connect time.
 */

/** IPv4 networks that are not public unicast: IANA's registry of special-purpose addresses (RFC 6890), and Azure's. */
const FORBIDDEN_V4: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  // Carrier-grade NAT; the metadata of Alibaba Cloud too.
  '100.64.0.0/10',
  '127.0.0.0/8',
  // Link-local, with the metadata of most clouds.
  '169.254.0.0/16',
  // A public address that is only reachable from inside a virtual machine: Azure's host agent and metadata.
  '168.63.129.16/32',
  '172.16.0.0/12',
  // IETF protocol assignments; the metadata of Oracle Cloud too.
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  // Multicast, and everything behind it: reserved, broadcast.
  '224.0.0.0/3',
];

/** The parts of 2000::/3 that are not public unicast (IANA's registry for IPv6). */
const FORBIDDEN_V6: readonly string[] = [
  // Protocol assignments: Teredo, benchmarking, ORCHID and others.
  '2001::/23',
  '2001:db8::/32',
  '2620:4f:8000::/48',
  '3fff::/20',
];

/** RFC 6052: the prefix of public NAT64. The other prefix, 64:ff9b:1::/48 (RFC 8215), is for private networks. */
const PUBLIC_NAT64 = '64:ff9b::';

/**
 * What a check or a message may reach. Every entry of `deny` lies in one of `allow`, and wins. IPv4 addresses inside IPv6
 * ones are judged by themselves: in NAT64 (RFC 6052) and 6to4 (RFC 3056). RFC 4291: 2000::/3 is the only assigned range
 * of global unicast.
 */
export const PUBLIC_NETWORKS: { readonly allow: readonly string[]; readonly deny: readonly string[] } = {
  allow: ['0.0.0.0/0', '2000::/3', `${PUBLIC_NAT64}/96`],
  deny: [...FORBIDDEN_V4, ...FORBIDDEN_V6, ...FORBIDDEN_V4.map(inNat64), ...FORBIDDEN_V4.map(in6to4)],
};

/** `10.0.0.0/8` → `64:ff9b::a00:0/104`. */
function inNat64(cidr: string): string {
  const [high, low, bits] = partsOf(cidr);
  return `${PUBLIC_NAT64}${high}:${low}/${96 + bits}`;
}

/** `10.0.0.0/8` → `2002:a00:0::/24`. */
function in6to4(cidr: string): string {
  const [high, low, bits] = partsOf(cidr);
  return `2002:${high}:${low}::/${16 + bits}`;
}

/** The two halves of an IPv4 network's address in hexadecimal, and the length of its prefix. */
function partsOf(cidr: string): [high: string, low: string, bits: number] {
  const [address, bits] = ipaddr.IPv4.parseCIDR(cidr);
  const [a = 0, b = 0, c = 0, d = 0] = address.octets;
  return [((a << 8) | b).toString(16), ((c << 8) | d).toString(16), bits];
}

type Network = readonly [address: ipaddr.IPv4 | ipaddr.IPv6, bits: number];

const ALLOWED: readonly Network[] = PUBLIC_NETWORKS.allow.map((cidr) => ipaddr.parseCIDR(cidr));
const DENIED: readonly Network[] = PUBLIC_NETWORKS.deny.map((cidr) => ipaddr.parseCIDR(cidr));

/**
 * True for everything but an address of PUBLIC_NETWORKS: also for text that is not an address. An IPv4 address that is
 * mapped into an IPv6 one is judged by itself.
 */
export function isForbiddenAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return true;
  const parsed = ipaddr.process(address);
  return !ALLOWED.some((network) => contains(network, parsed)) || DENIED.some((network) => contains(network, parsed));
}

function contains([network, bits]: Network, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return network.kind() === address.kind() && address.match(network, bits);
}

/**
 * For the host of a URL where the runtime resolves names itself: true for forbidden literal addresses (also in decimal,
 * octal and hexadecimal form) and for names of the local machine.
 */
export function isForbiddenHost(host: string): boolean {
  const name = host
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
  if (ipaddr.isValid(name)) return isForbiddenAddress(name);
  return name === '' || name === 'localhost' || name.endsWith('.localhost');
}
