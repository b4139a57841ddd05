import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** `npm run types` compiles every room with the types of its own runtime. */
const ROOT = join(import.meta.dirname, '..');
const TSC = join(ROOT, 'node_modules', '.bin', 'tsc');

const rooms = readdirSync(ROOT, { withFileTypes: true })
  .filter(
    (entry) =>
      entry.isDirectory() && entry.name !== 'node_modules' && existsSync(join(ROOT, entry.name, 'tsconfig.json')),
  )
  .map((entry) => entry.name);

const failed = rooms.filter((room) => spawnSync(TSC, ['-p', room], { cwd: ROOT, stdio: 'inherit' }).status !== 0);
console.log(failed.length === 0 ? `types: ${rooms.length} rooms clean` : `types: errors in ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
