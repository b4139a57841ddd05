import { linkSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts';
import { SetupError } from './setup-error.ts';
import { writeToDisk } from './write-whole.ts';

/**
 * Admits one process of a kind per data directory. The lock file names its holder, so that a lock left by `kill -9` is
 * recognised. Returns the function that releases the lock.
 */
export function acquireLock(dataDir: string, kind: string): () => void {
  const dir = join(dataDir, 'locks');
  const file = join(dir, `${kind}.json`);
  const mine = join(dir, `${kind}.${process.pid}.new`);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeToDisk(mine, JSON.stringify(ownIdentity()));
  try {
    while (!tryLink(mine, file)) {
      const holder = readHolder(file);
      if (holder !== null && isAlive(holder)) {
        throw new SetupError(
          `BlackTide (${kind}) runs already on ${dataDir} as process ${holder.pid}: stop it, or set BLACKTIDE_DATA_DIR to another folder.`,
        );
      }
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
  return () => rmSync(file, { force: true });
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** null when the file is gone, or incomplete after a power failure. */
function readHolder(file: string): ProcessIdentity | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity;
  } catch {
    return null;
  }
}
