import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresHome } from './postgres-home.ts';
import { identify, isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts';

/** Notes that this process uses the server of `home`, which several core processes may share. Returns the undo. */
export function registerUser(home: PostgresHome): () => void {
  const file = join(usersDir(home), `${process.pid}-${randomUUID()}.json`);
  writeFileSync(file, JSON.stringify(ownIdentity()), { mode: 0o600 });
  return () => rmSync(file, { force: true });
}

/** True while a process that uses the server is alive. */
export function hasUsers(home: PostgresHome): boolean {
  const dir = usersDir(home);
  return readdirSync(dir).some((name) => {
    const alive = isAliveUser(join(dir, name), name);
    if (!alive) rmSync(join(dir, name), { force: true });
    return alive;
  });
}

function usersDir(home: PostgresHome): string {
  const dir = join(home.dir, 'users');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}

/** A file that was cut short, by a full disk or a power failure, still has the pid in its name. */
function isAliveUser(file: string, name: string): boolean {
  try {
    return isAlive(JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity);
  } catch {
    return identify(Number.parseInt(name, 10)) !== null;
  }
}
