import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Writes a file that nobody ever sees in part: under another name first, and onto the disk before it gets its own. After
 * a power failure the file is as it was before, or whole.
 */
export function writeWhole(path: string, content: string): void {
  const fresh = `${path}.${process.pid}.new`;
  try {
    writeToDisk(fresh, content);
    renameSync(fresh, path);
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** Writes a file of the owner alone, and returns when the disk has it. */
export function writeToDisk(path: string, content: string): void {
  const file = openSync(path, 'w', 0o600);
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
