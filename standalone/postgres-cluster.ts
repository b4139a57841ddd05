import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresBinaries } from './postgres-binaries.ts';
import type { PostgresHome } from './postgres-home.ts';
import { SetupError } from './setup-error.ts';

/** The role that owns the embedded database. */
export const ROLE = 'blacktide';

/** initdb into a temporary folder, renamed when complete: a kill in between leaves no incomplete cluster. */
export function initializeCluster(home: PostgresHome, binaries: PostgresBinaries, durable: boolean): void {
  if (existsSync(join(home.pgdata, 'PG_VERSION'))) {
    checkVersion(home);
    return;
  }
  if (existsSync(home.pgdata) && readdirSync(home.pgdata).length > 0) {
    throw new SetupError(`The data directory is broken: ${home.pgdata} has files but no PG_VERSION.`);
  }
  const fresh = `${home.pgdata}.new`;
  rmSync(fresh, { recursive: true, force: true });
  rmSync(home.pgdata, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  if (home.user !== undefined) chownSync(fresh, home.user.uid, home.user.gid);
  const made = spawnSync(
    binaries.initdb,
    [
      `--pgdata=${fresh}`,
      `--username=${ROLE}`,
      `--pwfile=${home.passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // The platform's locales differ between machines; the built-in one does not.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      ...(durable ? [] : ['--no-sync']),
    ],
    { ...home.user, cwd: home.dir, encoding: 'utf8', env: serverEnvironment() },
  );
  if (made.status !== 0) {
    throw new SetupError(
      `The database could not be created in ${home.pgdata}: ${lastLine(made.stderr || made.error?.message || '')}.`,
    );
  }
  renameSync(fresh, home.pgdata);
}

function checkVersion(home: PostgresHome): void {
  const version = readFileSync(join(home.pgdata, 'PG_VERSION'), 'utf8').trim();
  if (version !== '18') {
    throw new SetupError(`The data directory is broken: ${home.pgdata} holds PostgreSQL "${version}", not 18.`);
  }
}

/** The environment of the server, without the caller's PG* variables and locale. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

/** The line of the server's output that tells most. */
export function lastLine(text: string): string {
  const lines = text
    .trim()
    .split('\n')
    .filter((line) => line.trim() !== '');
  const telling = lines.findLast((line) => /FATAL|PANIC|error:/.test(line)) ?? lines.at(-1) ?? 'it gave no reason';
  return telling.replace(/^.*?(?:FATAL|PANIC|error):\s*/, '').replace(/\.$/, '');
}
