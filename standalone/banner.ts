import { resolve } from 'node:path';
import type { Config } from '#core/config.ts';
import { firstAccountSentence } from '#core/first-account-sentence.ts';

/** Printed when everything runs: the addresses, and the next step. */
export function printBanner(part: { edge: boolean; core: boolean }, config: Config, setupToken: string | null): void {
  const api = part.core && config.roles.includes('api');
  const lines = ['', `BlackTide is up${title(part, config)}.`, ''];
  if (api) {
    lines.push(`  Dashboard     ${config.publicUrl}`);
    lines.push(`  API docs      ${config.publicUrl}/api/v1/docs`);
  }
  if (part.edge) lines.push(`  Status pages  ${config.statusUrl}/status/<slug of the page>`);
  lines.push(`  Data          ${resolve(config.dataDir)}`, '');
  if (setupToken !== null) lines.push(firstAccountSentence(config, setupToken));
  lines.push('Ctrl-C ends it.', '');
  console.log(lines.join('\n'));
}

function title(part: { edge: boolean; core: boolean }, config: Config): string {
  if (part.edge && part.core) return '';
  return part.edge ? ' (edge only)' : ` (core: ${config.roles.join(', ')})`;
}
