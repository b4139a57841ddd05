import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { identify, signal, waitUntilGone } from './process-identity.ts';

/** SIGKILL takes time for a process with hundreds of open SQLite files. */
const ORPHAN_TIMEOUT_MS = 5000;
/** Names the pid file to workerd.sh; workerd inherits it. */
export const PID_FILE_VARIABLE = 'BLACKTIDE_WORKERD_PID_FILE';

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
  for (const pid of process.platform === 'linux' ? pidsOfEnvironment(pidFile) : pidOfFile(pidFile)) {
    const identity = identify(pid);
    if (identity === null || !isWorkerd(pid)) continue;
    signal(pid, 'SIGKILL');
    await waitUntilGone(identity, ORPHAN_TIMEOUT_MS);
  }
  rmSync(pidFile, { force: true });
}

/** Linux tells the environment of every process, so that a pid file that was lost or cut short orphans nothing. */
function pidsOfEnvironment(pidFile: string): number[] {
  const mark = `${PID_FILE_VARIABLE}=${pidFile}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && environmentOf(name).includes(mark))
    .map(Number)
    .filter((pid) => pid !== process.pid);
}

/** Empty for a process that has ended, or is another user's. */
function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function pidOfFile(pidFile: string): number[] {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'));
    return Number.isInteger(pid) && pid > 1 ? [pid] : [];
  } catch {
    return [];
  }
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
