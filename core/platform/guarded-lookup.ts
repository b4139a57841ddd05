import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { isForbiddenAddress } from '#domain/base/address.ts';

/**
 * The `lookup` of a socket to a host that a user configured: it returns only addresses that may be connected to. The
 * socket connects to exactly these addresses, so a name that changes its address (DNS rebinding) gains nothing. A
 * literal address needs no lookup: a forbidden one is thrown here, as the error that `refusal` makes of the message.
 */
export function guardedLookup(url: URL, refusal: (message: string) => Error): LookupFunction {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && isForbiddenAddress(host)) throw refusal(`${host} is not a public address`);
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return callback(error, '');
      const allowed = addresses.filter(({ address }) => !isForbiddenAddress(address));
      const [first] = allowed;
      if (first === undefined) return callback(refusal(`${hostname} does not lead to a public address`), '');
      if (options.all) return callback(null, allowed);
      callback(null, first.address, first.family);
    });
  };
}
