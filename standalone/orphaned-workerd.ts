import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { identify, signal, waitUntilGone } from './process-identity.ts';

/** SIGKILL takes time for a process with hundreds of open SQLite files. */
const ORPHAN_TIMEOUT_MS = 5000;

/** The file with the process id of the data directory's workerd. */
export function workerdPidFile(dataDir: string): string {
  return join(resolve(dataDir, 'edge'), 'workerd.pid');
}

/**
 * Ends an orphaned workerd before the next one starts. A workerd whose parent was killed continues to make checks and
 * holds the edge's port. The caller must hold the data directory's edge lock.
 */
export async function endOrphanedWorkerd(dataDir: string): Promise<void> {
  const pidFile = workerdPidFile(dataDir);
  let pid: number;
  try {
    pid = Number(readFileSync(pidFile, 'utf8'));
  } catch {
    return;
  }
  const identity = Number.isInteger(pid) && pid > 1 ? identify(pid) : null;
  if (identity !== null && isWorkerd(pid)) {
    signal(pid, 'SIGKILL');
    await waitUntilGone(identity, ORPHAN_TIMEOUT_MS);
  }
  rmSync(pidFile, { force: true });
}

function isWorkerd(pid: number): boolean {
  if (process.platform === 'linux') {
    try {
      return readlinkSync(`/proc/${pid}/exe`).includes('workerd');
    } catch {
      return false;
    }
  }
  return spawnSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' }).stdout.includes('workerd');
}
