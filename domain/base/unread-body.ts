/** Most of an unread body that is thrown away. */
const DISCARDED_BYTES_MAX = 1024 * 1024;

/**
 * Throws away the body of a request that is answered without reading it. A server that closes the connection on bytes on
 * their way loses its own answer with them (RFC 9112, section 9.6); workerd does so after 64 KiB. Never rejects. Holds
 * one chunk at a time; how long a body may take is for the port to bound.
 */
export async function discardBody(body: AsyncIterable<Uint8Array> | null): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of body ?? []) {
      bytes += chunk.byteLength;
      if (bytes > DISCARDED_BYTES_MAX) return;
    }
  } catch {
    // The body was read by the route, or its sender has gone.
  }
}
