import type { CoreContext } from '../context.ts';

/** Where people reach the page with this slug: below BLACKTIDE_STATUS_URL, whose path is kept. */
export function publicUrl({ statusUrl }: Pick<CoreContext['config'], 'statusUrl'>, slug: string): string {
  return `${statusUrl.replace(/\/+$/, '')}/status/${slug}`;
}
