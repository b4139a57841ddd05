import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { SetupError } from './setup-error.ts';

/** Creates the data directory and tests that it is writable. Throws one sentence otherwise. */
export function prepareDataDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o755 });
    if (!statSync(path).isDirectory()) throw new Error('it is not a folder');
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new SetupError(`The data directory ${path} cannot be used: ${(error as Error).message}.`);
  }
}
