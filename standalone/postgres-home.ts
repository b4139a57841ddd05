import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { prepareDataDir } from './data-dir.ts';
import { canReach, type ServerUser } from './postgres-binaries.ts';
import { SetupError } from './setup-error.ts';

/** Where one data directory's PostgreSQL lives, and as whom. */
export interface PostgresHome {
  /** Holds `pgdata/` and the log. */
  readonly dir: string;
  readonly pgdata: string;
  readonly log: string;
  readonly passwordFile: string;
  readonly user: ServerUser;
  /** Where a copy of the binaries goes when node_modules is out of the server's reach. */
  readonly binariesCopy: string;
}

/** `nobody` on every Linux and BSD: the server needs no rights but to its own folder. */
const NOBODY = 65_534;
/** Used when root's data directory or node_modules is under a folder such as /root that no other user may enter. */
const OUTSIDE_PARENT = '/var/lib/blacktide';

/** Finds or makes the folder. `announce` is told when it cannot be inside the data directory. */
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
  writeFileSync(pointer, `${outside}\n`);
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
  writeFileSync(home.passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  if (home.user !== undefined) chownSync(home.passwordFile, home.user.uid, home.user.gid);
}
