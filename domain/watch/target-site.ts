import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import type { CheckSpec } from '../check/monitor.ts';

/** What a check talks to, as far as evidence about a location is concerned. */
export interface Target {
  /** The host of the configured URL: a name in lower case, or an address. The port is not part of it. */
  readonly host: string;
  /**
   * What one party can be expected to control as a whole: the registrable part of a name, or the network of an address.
   * Hosts of one site are one witness when the evidence concerns everybody.
   */
  readonly site: string;
}

/** The network that one party gets of IPv4: a smaller one is not routed between providers. */
const SITE_BITS_V4 = 24;
/** The largest network that one customer usually gets of IPv6 (RFC 6177); a 6to4 network (RFC 3056) is as large. */
const SITE_BITS_V6 = 48;
/** `shop.example.com` → `example.com`. */
const SITE_LABELS = 2;

/** zod parses as the URL standard does: names in lower case and ASCII, IPv4 addresses in their usual form. */
const canonicalUrl = z.url({ normalize: true });
const HOST = /^[a-z]+:\/\/(?:[^/?#@]*@)?(\[[^\]]+\]|[^/:?#]+)/;

/** A redirect does not change what a check talks to: the configured URL says it. */
export function targetOf({ config }: CheckSpec): Target {
  const url = canonicalUrl.parse(config.url);
  const host = (HOST.exec(url)?.[1] ?? url).replaceAll(/^\[|\]$|\.$/g, '');
  return { host, site: siteOf(host) };
}

/**
 * Without a list of public suffixes the last two labels stand for the registrable part. All names below `co.uk`,
 * `github.io` and their like are therefore one site: evidence is counted too low, never too high.
 */
function siteOf(host: string): string {
  if (!ipaddr.isValid(host)) return host.split('.').slice(-SITE_LABELS).join('.');
  const address = ipaddr.process(host);
  const bits = address.kind() === 'ipv4' ? SITE_BITS_V4 : SITE_BITS_V6;
  const network = address.toByteArray().slice(0, bits / 8);
  return `${network.join('.')}/${bits}`;
}
