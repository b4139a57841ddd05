import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { prepareDataDir } from './data-dir.ts';
import { canReach, type ServerUser } from './postgres-binaries.ts';
import { SetupError } from './setup-error.ts';
import { writeWhole } from './write-whole.ts';

/** The folder and the user of a data directory's PostgreSQL. */
export interface PostgresHome {
  /** Holds `pgdata/` and the log. */
  readonly dir: string;
  readonly pgdata: string;
  readonly log: string;
  readonly passwordFile: string;
  readonly user: ServerUser;
  /** Folder for a copy of the binaries when the server cannot reach node_modules. */
  readonly binariesCopy: string;
}

/** `nobody` on Linux and BSD: the server needs rights to its own folder only. */
const NOBODY = 65_534;
/** Used when root's data directory or node_modules is below a folder that other users cannot enter, such as /root. */
const OUTSIDE_PARENT = '/var/lib/blacktide';

/** Finds or creates the folder. `announce` is called when it cannot be inside the data directory. */
export function preparePostgresHome(dataDir: string, announce: (sentence: string) => void): PostgresHome {
  const asRoot = process.getuid?.() === 0;
  const user = asRoot ? { uid: NOBODY, gid: NOBODY } : undefined;
  prepareDataDir(dataDir);
  const dir = asRoot ? reachableHome(resolve(dataDir), user, announce) : join(resolve(dataDir), 'postgres');
  prepareDataDir(dir);
  const home = {
    dir,
    pgdata: join(dir, 'pgdata'),
    log: join(dir, 'postgres.log'),
    passwordFile: join(dir, 'password'),
    user,
    binariesCopy: join(asRoot ? OUTSIDE_PARENT : dir, 'binaries'),
  };
  if (user !== undefined) chownSync(dir, user.uid, user.gid);
  makePassword(home);
  return home;
}

function reachableHome(dataDir: string, user: ServerUser, announce: (sentence: string) => void): string {
  const pointer = join(dataDir, 'postgres.location');
  if (existsSync(pointer)) return readFileSync(pointer, 'utf8').trim();
  if (statSync(dataDir).uid === 0) chmodSync(dataDir, statSync(dataDir).mode | 0o011);
  if (canReach(dataDir, user)) return join(dataDir, 'postgres');
  const outside = join(OUTSIDE_PARENT, randomBytes(8).toString('hex'));
  prepareDataDir(outside);
  writeWhole(pointer, `${outside}\n`);
  announce(
    `PostgreSQL may not run as root and cannot enter ${dirname(dataDir)} as another user: its files are in ${outside}.`,
  );
  return outside;
}

function makePassword(home: PostgresHome): void {
  if (existsSync(home.passwordFile)) return;
  if (existsSync(home.pgdata)) {
    throw new SetupError(`The data directory is broken: ${home.passwordFile} is missing beside the database.`);
  }
  writeWhole(home.passwordFile, randomBytes(24).toString('base64url'));
  if (home.user !== undefined) chownSync(home.passwordFile, home.user.uid, home.user.gid);
}
