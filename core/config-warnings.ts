import type { Config } from './config.ts';
import { isLoopbackName } from './loopback.ts';

/** Settings that are valid and dangerous together: a sentence for each, for the person who starts the product. */
export function configWarnings(config: Config): string[] {
  const { registration, allowPrivateTargets, publicUrl, statusUrl, trustedProxies, corsOrigins } = config;
  const warnings: string[] = [];
  if (registration === 'open' && allowPrivateTargets) {
    warnings.push(
      'BLACKTIDE_REGISTRATION=open with BLACKTIDE_ALLOW_PRIVATE_TARGETS=true: whoever registers can read what private addresses answer to this machine.',
    );
  }
  for (const [name, url] of [
    ['BLACKTIDE_PUBLIC_URL', publicUrl],
    ['BLACKTIDE_STATUS_URL', statusUrl],
  ] as const) {
    if (isPlain(url)) warnings.push(`${name} is http: passwords and pages travel in clear text. Use https.`);
  }
  if (trustedProxies.some((network) => network.endsWith('/0'))) {
    warnings.push(
      'BLACKTIDE_TRUSTED_PROXIES trusts every address: any client can choose the address by which it is limited.',
    );
  }
  for (const origin of corsOrigins.filter(isPlain)) {
    warnings.push(`BLACKTIDE_CORS_ORIGINS has ${origin}: whoever controls the network can call the API as its users.`);
  }
  return warnings;
}

/** A site of another machine without encryption. */
function isPlain(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !isLoopbackName(hostname);
}
