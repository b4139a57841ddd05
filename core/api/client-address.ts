import { BlockList, isIP } from 'node:net';

/**
 * The address of a request's client: the peer of the TCP connection or, when the peer is a trusted proxy, an address of
 * `X-Forwarded-For`. The header is read from the right, because each proxy appends to it and a client can forge
 * everything before. The first address that is not a trusted proxy was seen by a trusted proxy itself.
 */
export function addressReader(
  trustedProxies: readonly string[],
): (peer: string, forwardedFor: string | undefined) => string {
  const proxies = new BlockList();
  for (const network of trustedProxies) {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) proxies.addAddress(address, family);
    else proxies.addSubnet(address, Number(prefix), family);
  }
  const isProxy = (address: string) => proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return (peer, forwardedFor = '') => {
    let address = plain(peer);
    for (const hop of forwardedFor.split(',').reverse()) {
      const before = plain(hop.trim());
      if (isIP(before) === 0 || isIP(address) === 0 || !isProxy(address)) break;
      address = before;
    }
    return address;
  };
}

/**
 * The address without the notation that sockets and proxies add: `::ffff:192.0.2.1`, `192.0.2.1:4711`,
 * `[2001:db8::1]:443`, `fe80::1%eth0`.
 */
function plain(address: string): string {
  const bare = address.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
  return bare.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}

/**
 * Groups of 16 bits that identify a network: the smallest prefix that a provider assigns to one customer is a /64 (RFC
 * 6177).
 */
const NETWORK_GROUPS = 4;
const ADDRESS_GROUPS = 8;

/**
 * The key under which an address's requests are counted: the address itself, or the /64 of an IPv6 address, because one
 * customer has all of its 2^64 addresses.
 */
export function neighbourhoodOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [left = [], right = []] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = Array<string>(Math.max(0, ADDRESS_GROUPS - left.length - right.length)).fill('0');
  const groups = [...left, ...zeros, ...right].slice(0, NETWORK_GROUPS);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
