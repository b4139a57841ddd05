import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system in memory, mounted over a folder: a disk that a test may fill. */
export interface Tmpfs {
  /** Takes all room that is left. */
  fill(): void;
  /** Gives it back. */
  drain(): void;
  unmount(): void;
}

/** Why this machine cannot mount a tmpfs; null when it can. */
export function whyNoTmpfs(): string | null {
  const dir = mkdtempSync(join(tmpdir(), 'blacktide-tmpfs-'));
  try {
    mountTmpfs(dir, 1).unmount();
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    rmdirSync(dir);
  }
}

export function mountTmpfs(dir: string, megabytes: number): Tmpfs {
  run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0711`, 'blacktide-test', dir);
  const filler = join(dir, 'filler');
  return {
    fill() {
      const file = openSync(filler, 'a');
      try {
        for (let bytes = 1024 * 1024; bytes >= 1; ) {
          try {
            writeSync(file, Buffer.alloc(bytes));
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
            bytes = Math.floor(bytes / 2);
          }
        }
      } finally {
        closeSync(file);
      }
    },
    drain: () => rmSync(filler, { force: true }),
    // Lazily: a process that is still ending may hold a file.
    unmount: () => run('umount', '--lazy', dir),
  };
}

function run(command: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: ${(stderr ?? error?.message ?? 'no reason given').trim()}`);
}
