import { statfsSync } from 'node:fs';

/** PostgreSQL needs 16 MiB at once for its log, and ends when it does not get them. */
const FREE_BYTES_MIN = 16 * 1024 * 1024;

/** Throws ENOSPC when the disk of the embedded database has no room. Also said while it cannot start for that reason. */
export function requireRoom(dir: string): void {
  const { bavail, bsize } = statfsSync(dir);
  if (bavail * bsize < FREE_BYTES_MIN) throw Object.assign(new Error(`no room in ${dir}`), { code: 'ENOSPC' });
}
