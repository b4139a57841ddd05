import { connect, type Socket } from 'node:net';

/** Readers at once, each with a connection that it keeps: enough to keep a server on one core busy. */
const READERS = 64;
const END_OF_HEAD = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

export interface Reading {
  readonly answers: number;
  /** Head and body of one answer. */
  readonly bytes: number;
  readonly latenciesMs: readonly number[];
}

/**
 * Readers of one URL who ask again as soon as they have their answer. They look at no more of it than its length, so
 * that most of the processor is left to the server. Throws for an answer that is not 200 or 304.
 */
export async function readFor(ms: number, url: URL, headers: Readonly<Record<string, string>>): Promise<Reading> {
  const lines = Object.entries({ Host: url.host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  const question = Buffer.from(`GET ${url.pathname} HTTP/1.1\r\n${lines.join('')}\r\n`);
  const until = performance.now() + ms;
  const latenciesMs: number[] = [];
  let bytes = 0;
  await Promise.all(
    Array.from({ length: READERS }, async () => {
      const socket = connect(Number(url.port), url.hostname);
      while (performance.now() < until) {
        const from = performance.now();
        socket.write(question);
        bytes = await readAnswer(socket);
        latenciesMs.push(performance.now() - from);
      }
      socket.destroy();
    }),
  );
  return { answers: latenciesMs.length, bytes, latenciesMs };
}

/** The length of one whole answer. */
function readAnswer(socket: Socket): Promise<number> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let read = 0;
    /** null until the head is there, or without a Content-Length. */
    let length: number | null = null;
    let isChunked = false;
    const done = (error: Error | null) => {
      socket.off('data', onData).off('error', done).off('close', onClose);
      chunks = [];
      if (error === null) resolve(read);
      else reject(error);
    };
    const onClose = () => done(new Error('the server closed the connection'));
    const onData = (chunk: Buffer) => {
      read += chunk.length;
      if (length === null && !isChunked) {
        chunks.push(chunk);
        const head = headOf(Buffer.concat(chunks));
        if (head === null) return;
        if (head.status !== 200 && head.status !== 304) return done(new Error(`the server answered ${head.status}`));
        isChunked = head.bodyBytes === null;
        length = head.bodyBytes === null ? null : head.bytes + head.bodyBytes;
      }
      if (isChunked ? chunk.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK) : read === length) done(null);
    };
    socket.on('data', onData).once('error', done).once('close', onClose);
  });
}

/** null while the head is not complete. `bodyBytes` is null for an answer in chunks. */
function headOf(received: Buffer): { status: number; bytes: number; bodyBytes: number | null } | null {
  const end = received.indexOf(END_OF_HEAD);
  if (end === -1) return null;
  const head = received.subarray(0, end).toString('latin1');
  const status = Number(head.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length));
  const announced = /^content-length: (\d+)/im.exec(head)?.[1];
  const bodyBytes = status === 304 ? 0 : announced === undefined ? null : Number(announced);
  return { status, bytes: end + END_OF_HEAD.length, bodyBytes };
}
