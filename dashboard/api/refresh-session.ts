import { csrfToken, send } from './send.ts';

const LOCK_NAME = 'blacktide-refresh';
const REFRESHED_AT_KEY = 'blacktide.refreshedAt';
/**
 * A refresh by another tab within this time serves this tab too: tabs share cookies, and a refresh token works once.
 */
const SHARED_REFRESH_MS = 5_000;

let running: Promise<boolean> | null = null;

/** Renews the access cookie. Concurrent calls, in this tab or another, wait for the same renewal. */
export function refreshSession(): Promise<boolean> {
  running ??= acrossTabs(renew).finally(() => {
    running = null;
  });
  return running;
}

async function renew(): Promise<boolean> {
  // The session's cookies exist together, and this one is readable.
  if (csrfToken() === '') return false;
  if (Date.now() - Number(localStorage.getItem(REFRESHED_AT_KEY) ?? 0) < SHARED_REFRESH_MS) return true;
  const response = await send('/auth/refresh', { method: 'POST' });
  if (response.ok) localStorage.setItem(REFRESHED_AT_KEY, String(Date.now()));
  return response.ok;
}

/** Web Locks exist in secure contexts only. Over plain http from another machine each tab refreshes by itself. */
function acrossTabs(work: () => Promise<boolean>): Promise<boolean> {
  return 'locks' in navigator ? navigator.locks.request(LOCK_NAME, work) : work();
}
