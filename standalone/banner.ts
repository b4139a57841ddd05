import { resolve } from 'node:path';
import connect from 'postgres';
import type { Config } from '#core/config.ts';

/** Printed when everything runs: the addresses, and the next step. */
export async function printBanner(
  part: { edge: boolean; core: boolean },
  config: Config,
  databaseUrl: string | undefined,
): Promise<void> {
  const api = part.core && config.roles.includes('api');
  const lines = ['', `BlackTide is up${title(part, config)}.`, ''];
  if (api) {
    lines.push(`  Dashboard     ${config.publicUrl}`);
    lines.push(`  API docs      ${config.publicUrl}/api/v1/docs`);
  }
  if (part.edge) lines.push(`  Status pages  ${config.statusUrl}/status/<slug of the page>`);
  lines.push(`  Data          ${resolve(config.dataDir)}`, '');
  if (api && databaseUrl !== undefined && !(await hasAccount(databaseUrl))) {
    lines.push(
      `There is no account yet: open ${config.publicUrl} and create it. The first account owns this installation.`,
    );
  }
  lines.push('Ctrl-C ends it.', '');
  console.log(lines.join('\n'));
}

function title(part: { edge: boolean; core: boolean }, config: Config): string {
  if (part.edge && part.core) return '';
  return part.edge ? ' (edge only)' : ` (core: ${config.roles.join(', ')})`;
}

async function hasAccount(databaseUrl: string): Promise<boolean> {
  const sql = connect(databaseUrl, { max: 1 });
  try {
    return (await sql`SELECT 1 FROM users LIMIT 1`).length > 0;
  } finally {
    await sql.end();
  }
}
