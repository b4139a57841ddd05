import type { CoordinatorEnv } from './env.ts';
import { log, reasonOf } from './log.ts';

/** What a dependency of the edge can do: as the core's `/readyz` says it. */
interface Readiness {
  readonly state: 'ok' | 'unavailable' | 'full' | 'read_only';
  readonly reason: string | null;
}

/** Anybody may ask, so an answer serves all who ask within this time. */
const ANSWER_KEPT_MS = 1_000;
/** SQLite's words (https://www.sqlite.org/rescode.html), and the system's, for a storage that takes nothing. */
const FULL = /SQLITE_FULL|disk is full|ENOSPC|No space left/i;
const READ_ONLY = /SQLITE_READONLY|readonly database|EROFS|Read-only file system/i;

let last: { readonly answer: Promise<Readiness>; readonly atMs: number } | null = null;

/** Whether the edge can store what it judges. */
export function storageReadiness(env: CoordinatorEnv): Promise<Readiness> {
  const nowMs = Date.now();
  if (last === null || nowMs - last.atMs >= ANSWER_KEPT_MS) last = { answer: probe(env), atMs: nowMs };
  return last.answer;
}

/** An object of its own: a write that fails ends the object. */
async function probe(env: CoordinatorEnv): Promise<Readiness> {
  try {
    await env.UPLINK.getByName('probe').write();
    return { state: 'ok', reason: null };
  } catch (error) {
    const reason = reasonOf(error);
    log('warn', 'the storage is not ready', { reason });
    return refusal(reason);
  }
}

/** The state and the sentence for people that belong to what the storage said. */
function refusal(reason: string): Readiness {
  if (FULL.test(reason)) {
    return { state: 'full', reason: 'The disk of the edge is full. Nothing is judged until there is room.' };
  }
  if (READ_ONLY.test(reason)) {
    return { state: 'read_only', reason: 'The storage of the edge is read-only. Nothing is judged.' };
  }
  return { state: 'unavailable', reason: 'The storage of the edge does not take a write; the log has the reason.' };
}
