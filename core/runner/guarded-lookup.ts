import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { isForbiddenAddress } from '#domain/address.ts';
import { NetworkFailure } from '#probes/network.ts';

/**
 * Resolves names for a socket and hands it only addresses that may be dialled. The check is made on the very
 * addresses that are dialled next, so a name that changes its mind (DNS rebinding) gains nothing.
 */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error !== null) return callback(error, '');
    const allowed = addresses.filter(({ address }) => !isForbiddenAddress(address));
    const [first] = allowed;
    if (first === undefined) return callback(refusal(hostname), '');
    if (options.all) return callback(null, allowed);
    callback(null, first.address, first.family);
  });
};

/** A literal address is dialled without a lookup; `host` comes without brackets. Throws NetworkFailure. */
export function refuseForbiddenLiteral(host: string): void {
  if (isIP(host) !== 0 && isForbiddenAddress(host)) throw refusal(host);
}

function refusal(host: string): NetworkFailure {
  return new NetworkFailure('address_refused', `${host} is not a public address`);
}
