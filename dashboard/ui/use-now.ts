import { useSyncExternalStore } from 'react';

/** Resolution of relative times. */
const TICK_MS = 5_000;

let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  // The clock does not advance without listeners.
  if (timer === undefined) now = Date.now();
  timer ??= setInterval(() => {
    now = Date.now();
    for (const notify of listeners) notify();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The current time in steps, by one timer for the whole page. */
export function useNow(): number {
  // The third argument serves rendering without a browser, as in tests.
  return useSyncExternalStore(subscribe, readNow, readNow);
}

function readNow(): number {
  return now;
}
