import { z } from 'zod';
import { type CheckSpec, httpConfigSchema } from '../check/monitor.ts';
import { PROBE_BATCH_MAX } from '../wire/wire.ts';
import { CANARIES_MIN } from './dark-location.ts';
import { targetOf } from './target-site.ts';

/** All canaries are one request to a location's probe Worker. */
export const CANARIES_MAX = PROBE_BATCH_MAX;

/**
 * The operator's canaries: URLs whose answers say whether a location works, separated by commas. Each is on a site of its
 * own, so that no single host decides.
 */
export const canariesSchema = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(z.array(httpConfigSchema.shape.url).min(CANARIES_MIN).max(CANARIES_MAX))
  // Only what has passed so far has a site.
  .pipe(z.array(z.string()).refine(areOnDifferentSites, 'must be on different sites'));

function areOnDifferentSites(urls: readonly string[]): boolean {
  return new Set(urls.map((url) => targetOf(canarySpec(url)).site)).size === urls.length;
}

/** A canary is well when it answers a GET as a monitor of its URL would be, without assertions of its own. */
export function canarySpec(url: string): CheckSpec {
  return { type: 'http', config: httpConfigSchema.parse({ url }) };
}
