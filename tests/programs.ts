import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Programs that the suites need and that no npm package has, with their Debian packages. */
const PROGRAMS = [
  { names: ['chromium', 'chromium-browser', 'google-chrome'], package: 'chromium' },
  { names: ['nats-server'], package: 'nats-server' },
  { names: ['openssl'], package: 'openssl' },
] as const;

/** Folders of programs that some PATHs lack. */
const MORE_PATHS = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin'];
const MAC_CHROME = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/**
 * Installs missing programs as root on Debian and Ubuntu; elsewhere answers one line that names them. Null: none is
 * missing.
 */
export function ensurePrograms(): string | null {
  const missing = PROGRAMS.filter((program) => findProgram(program.package) === null);
  if (missing.length === 0) return null;
  const packages = missing.map((program) => program.package);
  if (process.getuid?.() === 0 && isDebian()) {
    console.log(`Installing ${packages.join(', ')} with apt-get (the tests need them) …`);
    aptInstall(packages);
  }
  const still = missing.filter((program) => findProgram(program.package) === null);
  if (still.length === 0) return null;
  const names = still.map((program) => program.package).join(' ');
  return `The tests need ${names}: install it (Debian and Ubuntu: "sudo apt-get install ${names}"), then run npm test again.`;
}

/** The path of a program, by its Debian package; null when it is not installed. */
export function findProgram(packageName: (typeof PROGRAMS)[number]['package']): string | null {
  const names = PROGRAMS.find((program) => program.package === packageName)?.names ?? [];
  const folders = [...(process.env.PATH ?? '').split(':').filter(Boolean), ...MORE_PATHS];
  const candidates = names.flatMap((name) => folders.map((folder) => `${folder}/${name}`));
  if (packageName === 'chromium') candidates.push(MAC_CHROME);
  return candidates.find((path) => existsSync(path)) ?? null;
}

function isDebian(): boolean {
  return (
    existsSync('/etc/os-release') && /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync('/etc/os-release', 'utf8'))
  );
}

/** Runs apt-get, and prints its output when it fails. */
function aptInstall(packages: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [
    ['update', '-q'],
    ['install', '-qy', '--no-install-recommends', ...packages],
  ]) {
    const { status, stdout, stderr } = spawnSync('apt-get', args, { encoding: 'utf8', env });
    if (status !== 0) console.error(`${stdout ?? ''}${stderr ?? ''}`);
  }
}
