const POLL_MS = 50;
/**
 * The default deadline only ends a hang: it is several times what a busy machine needs. Promised times have their own.
 */
const WITHIN_MS = 30_000;

type NotYet = undefined | null | false;

/**
 * Waits until `check` neither throws nor answers undefined, null or false, and answers its value. After `withinMs` it
 * throws with the message of the last failure, so that a red test says what was still wrong. It runs in Node and in
 * workerd.
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
