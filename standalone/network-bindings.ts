import { readFileSync } from 'node:fs';
import { PUBLIC_NETWORKS } from '#domain/base/address.ts';

/**
 * Bindings of Workers to the network. A fetch without such a binding goes through a Worker of miniflare, which costs as
 * much as a check.
 */

/** Refuses all but public addresses at connect time, whatever name led to them. */
export function publicNetwork() {
  return { network: { allow: [...PUBLIC_NETWORKS.allow], deny: [...PUBLIC_NETWORKS.deny], tlsOptions: tlsOptions() } };
}

export function wholeNetwork() {
  return { network: { allow: ['public', 'private'], tlsOptions: tlsOptions() } };
}

function tlsOptions() {
  return { trustBrowserCas: true, trustedCertificates: extraCertificates() };
}

/** Node's setting for a private certificate authority, applied to checks too. */
function extraCertificates(): string[] {
  const file = process.env.NODE_EXTRA_CA_CERTS;
  if (file === undefined) return [];
  return readFileSync(file, 'utf8').match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
}
