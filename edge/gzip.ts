/** The bytes in gzip. They are handed over at once: a stream of many pieces would wait for its turn at each of them. */
export async function gzipped(bytes: Uint8Array): Promise<Uint8Array> {
  const { readable, writable } = new CompressionStream('gzip');
  const writer = writable.getWriter();
  const written = writer.write(bytes).then(() => writer.close());
  const [compressed] = await Promise.all([new Response(readable).arrayBuffer(), written]);
  return new Uint8Array(compressed);
}
