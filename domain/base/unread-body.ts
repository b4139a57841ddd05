/** Most of an unread body that is thrown away, and the longest time for it. */
const LINGER_BYTES_MAX = 1024 * 1024;
const LINGER_MS = 1_000;

/**
 * Throws away the body of a request that is answered without reading it. A server that closes the connection on bytes on
 * their way loses its own answer with them (RFC 9112, section 9.6); workerd does so after 64 KiB. Never rejects. Holds
 * one chunk at a time.
 */
export async function discardBody(body: ReadableStream<Uint8Array> | null): Promise<void> {
  if (body === null || body.locked) return;
  const reader = body.getReader();
  const stop = () => reader.cancel().catch(() => undefined);
  const timer = setTimeout(stop, LINGER_MS);
  try {
    for (let bytes = 0; bytes <= LINGER_BYTES_MAX; ) {
      const { value, done } = await reader.read();
      if (done) return;
      bytes += value.byteLength;
    }
    await stop();
  } catch {
    // The sender has gone: nobody waits for the answer.
  } finally {
    clearTimeout(timer);
  }
}
