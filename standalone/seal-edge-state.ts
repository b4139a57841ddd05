import { existsSync, globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assignmentContext, isClearText, StateSeal } from '#edge/state-seal.ts';

/**
 * Seals what version 0.1.0 stored in clear text: the assignments of monitors, with the tokens that checks send. A shard
 * would seal its rows by itself, but the old text would stay in free pages of its database and in the database's log.
 * VACUUM and a checkpoint that truncates remove it. `dir` is the edge's state; no workerd may be using it.
 */
export async function sealEdgeState(dir: string, edgePrivateJwk: string): Promise<void> {
  const done = join(dir, 'sealed');
  if (existsSync(done)) return;
  const seal = new StateSeal(edgePrivateJwk);
  for (const file of globSync(join(dir, '**', '*MonitorShard*', '*.sqlite'))) await sealShard(file, seal);
  writeFileSync(done, '', { mode: 0o600 });
}

async function sealShard(file: string, seal: StateSeal): Promise<void> {
  // Imported for an upgrade only: Node says at each import that the module is experimental.
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(file);
  try {
    if (database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'monitors'").get() === undefined) return;
    const rows = database.prepare('SELECT id, assigned FROM monitors').all() as { id: string; assigned: string }[];
    const update = database.prepare('UPDATE monitors SET assigned = ? WHERE id = ?');
    for (const { id, assigned } of rows) {
      if (isClearText(assigned)) update.run(await seal.seal(assigned, assignmentContext(id)), id);
    }
    database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}
