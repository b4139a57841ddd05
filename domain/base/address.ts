import ipaddr from 'ipaddr.js';

/**
 * Addresses that checks and webhooks may not reach unless the operator allows private targets. Every adapter that opens
 * connections uses this: a name is judged by the addresses that it resolves to, at connect time.
 */

/** A public address that is only reachable from inside a virtual machine: Azure's host agent and metadata. */
const INTERNAL_BY_USE: readonly string[] = ['168.63.129.16'];

/** RFC 6052: the prefix of public NAT64. The other prefix, 64:ff9b:1::/48 (RFC 8215), is for private networks. */
const PUBLIC_NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
/** RFC 4291: 2000::/3 is the only assigned global unicast range; the rest of "unicast" is refused. */
const GLOBAL_UNICAST_V6 = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * True for everything but a public unicast address: private, loopback, link-local (cloud metadata), CGNAT, multicast,
 * unique-local, reserved and documentation addresses, and text that is not an address. An IPv4 address inside an IPv6
 * one (mapped, NAT64, 6to4) is judged by itself.
 */
export function isForbiddenAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return true;
  const parsed = ipaddr.parse(address);
  return parsed instanceof ipaddr.IPv6 ? isForbiddenV6(parsed) : isForbiddenV4(parsed);
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

function isForbiddenV4(address: ipaddr.IPv4): boolean {
  return address.range() !== 'unicast' || INTERNAL_BY_USE.includes(address.toString());
}

function isForbiddenV6(address: ipaddr.IPv6): boolean {
  const range = address.range();
  if (range === 'ipv4Mapped') return isForbiddenV4(address.toIPv4Address());
  if (address.match(PUBLIC_NAT64)) return isForbiddenV4(v4At(address, 6));
  // RFC 3056: 2002:AABB:CCDD::/48 contains the IPv4 address AA.BB.CC.DD.
  if (range === '6to4') return isForbiddenV4(v4At(address, 1));
  return range !== 'unicast' || !address.match(GLOBAL_UNICAST_V6);
}

/** The IPv4 address in two consecutive 16-bit parts of an IPv6 address. */
function v4At(address: ipaddr.IPv6, part: number): ipaddr.IPv4 {
  const bytes = address.toByteArray();
  return new ipaddr.IPv4(bytes.slice(part * 2, part * 2 + 4));
}
