import { csrfToken, send } from './send.ts';

const LOCK_NAME = 'blacktide-refresh';
const REFRESHED_AT_KEY = 'blacktide.refreshedAt';
/** Another tab's refresh this recent serves this tab too: cookies are shared, and a refresh token works once. */
const SHARED_REFRESH_MS = 5_000;

let running: Promise<boolean> | null = null;

/** Renews the access cookie. Calls made meanwhile, in this tab or another, wait for the same renewal. */
export function refreshSession(): Promise<boolean> {
  running ??= acrossTabs(renew).finally(() => {
    running = null;
  });
  return running;
}

async function renew(): Promise<boolean> {
  // The session's cookies come and go together; this one can be seen.
  if (csrfToken() === '') return false;
  if (Date.now() - Number(localStorage.getItem(REFRESHED_AT_KEY) ?? 0) < SHARED_REFRESH_MS) return true;
  const response = await send('/auth/refresh', { method: 'POST' });
  if (response.ok) localStorage.setItem(REFRESHED_AT_KEY, String(Date.now()));
  return response.ok;
}

/** Web Locks exist in secure contexts only; over plain http from another machine each tab is on its own. */
function acrossTabs(work: () => Promise<boolean>): Promise<boolean> {
  return 'locks' in navigator ? navigator.locks.request(LOCK_NAME, work) : work();
}
