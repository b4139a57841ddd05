import type { ProblemCode } from '#domain/base/problem.ts';
import { requireRoom } from './disk-room.ts';
import { postgresCode } from './postgres-code.ts';

/** Why the database cannot do what it was asked, when the cause is the database and not the statement. */
export interface DatabaseFault {
  readonly code: Extract<ProblemCode, 'database_unavailable' | 'storage_full' | 'storage_read_only'>;
  /** One sentence for people. */
  readonly detail: string;
}

const FULL: DatabaseFault = {
  code: 'storage_full',
  detail: 'The disk of the database is full. Nothing is stored until there is room.',
};
const READ_ONLY: DatabaseFault = {
  code: 'storage_read_only',
  detail: 'The database or its disk is read-only. Nothing can be stored.',
};
const UNREACHABLE = away('The database cannot be reached.');
const SILENT = away('The database does not answer in time.');
const STOPPING = away('The database is starting or stopping.');

/**
 * Faults by code: SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html), the system's codes, and
 * those of the client (core/platform/postgres-client.ts).
 */
const FAULTS: Readonly<Record<string, DatabaseFault>> = {
  '53100': FULL,
  ENOSPC: FULL,
  EDQUOT: FULL,
  '25006': READ_ONLY,
  EROFS: READ_ONLY,
  '53000': away('The database lacks a resource that it needs.'),
  '53200': away('The database is out of memory.'),
  '53300': away('The database has no free connection.'),
  '53400': away('The database has reached a limit of its configuration.'),
  '55P03': away('Another change holds what this request needs.'),
  '57014': away('The database needed too long for a statement.'),
  '57P01': STOPPING,
  '57P02': STOPPING,
  '57P03': STOPPING,
  '57P05': STOPPING,
  '58000': away('The database has a system error.'),
  '58030': away('The database cannot read or write its disk.'),
  '58P01': away('The database misses a file.'),
  SERVER_SILENT: SILENT,
  QUEUE_TIMEOUT: away('All connections to the database are busy.'),
  CONNECT_TIMEOUT: SILENT,
  CONNECTION_CLOSED: UNREACHABLE,
  CONNECTION_ENDED: UNREACHABLE,
  CONNECTION_DESTROYED: UNREACHABLE,
};
/** SQLSTATE class of connections that cannot be made or are lost. */
const CONNECTION_CLASS = /^08\w{3}$/;
/** The system's codes for a server that cannot be reached (ENOENT: its socket is missing). */
const SYSTEM =
  /^(?:ECONN(?:REFUSED|RESET|ABORTED)|E(?:HOST|NET)UNREACH|EPIPE|ETIMEDOUT|ENOTFOUND|ENOENT|EAI_AGAIN|EMFILE)$/;
/** PostgreSQL reports a disk that was mounted read-only as a lack of privileges (42501), with the system's words. */
const PRIVILEGE = '42501';
const READ_ONLY_DISK = /Read-only file system/;

/**
 * The fault behind an error; null for an error that has another cause. With `storageDir`, the folder of the embedded
 * database, a database that is away because its disk is full is told apart: PostgreSQL ends when its log finds no room.
 */
export function databaseFault(error: unknown, storageDir?: string): DatabaseFault | null {
  const fault = faultOf(error);
  if (fault?.code !== 'database_unavailable' || storageDir === undefined) return fault;
  try {
    requireRoom(storageDir);
    return fault;
  } catch {
    return FULL;
  }
}

function faultOf(error: unknown): DatabaseFault | null {
  const code = postgresCode(error);
  if (code === null) return null;
  const known = FAULTS[code];
  if (known !== undefined) return known;
  if (code === PRIVILEGE && READ_ONLY_DISK.test(wordsOf(error))) return READ_ONLY;
  return CONNECTION_CLASS.test(code) || SYSTEM.test(code) ? UNREACHABLE : null;
}

function away(detail: string): DatabaseFault {
  return { code: 'database_unavailable', detail };
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  return error.cause instanceof Error ? error.cause.message : error.message;
}
