const POLL_MS = 50;
/** Several times what a busy machine needs: it ends a hang. Promises to people have bounds of their own. */
const WITHIN_MS = 30_000;

type NotYet = undefined | null | false;

/**
 * Waits until `check` neither throws nor gives undefined, null or false, and returns what it gave. After `withinMs` the
 * last reason is thrown, so that a red test says what was still wrong. Runs in Node and in workerd.
 */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | NotYet> | T | NotYet,
  withinMs: number = WITHIN_MS,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  let reason = 'the condition never held';
  for (;;) {
    try {
      const value = await check();
      if (value !== undefined && value !== null && value !== false) return value;
    } catch (error) {
      reason = (error as Error).message;
    }
    if (Date.now() > deadline) throw new Error(`not within ${withinMs / 1000} s: ${what} (${reason})`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
