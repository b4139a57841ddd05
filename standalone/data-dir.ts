import { accessSync, chmodSync, constants, mkdirSync, statSync } from 'node:fs';
import { SetupError } from './setup-error.ts';

/** Modes of folders. Root's PostgreSQL runs as another user, who must be able to enter the folders above its own. */
const PRIVATE = 0o700;
const PASSED_THROUGH = 0o711;

/**
 * Creates the data directory and tests that it is writable. Throws one sentence otherwise. Other users cannot read what
 * it holds: keys, the database, the edge's state.
 */
export function prepareDataDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: PASSED_THROUGH });
    if (!statSync(path).isDirectory()) throw new Error('it is not a folder');
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    shutOutOthers(path);
  } catch (error) {
    throw new SetupError(`The data directory ${path} cannot be used: ${(error as Error).message}.`);
  }
}

/** A directory of another owner, such as a mounted volume, keeps the mode that its owner gave it. */
function shutOutOthers(path: string): void {
  const { uid, mode } = statSync(path);
  const own = process.getuid?.();
  if (own !== uid && own !== 0) return;
  chmodSync(path, mode & (own === 0 ? PASSED_THROUGH : PRIVATE));
}
