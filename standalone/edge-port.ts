import { Agent, type IncomingMessage, type RequestListener, request, type ServerResponse } from 'node:http';
import { createHttpPort } from '#core/platform/http-port.ts';
import { problemOf } from '#domain/base/problem.ts';
import { createPageBytes, type PageBytes } from './page-bytes.ts';
import { SetupError } from './setup-error.ts';

/** A Worker's socket on loopback. */
export interface WorkerAddress {
  readonly host: string;
  readonly port: number;
}

/** Where the two Workers with routes of their own listen. */
export interface EdgeWorkers {
  readonly coordinator: WorkerAddress;
  readonly statusPages: WorkerAddress;
}

/**
 * Connections to workerd. Pages and orders take milliseconds. A test of a monitor takes up to 60 s, and there are as
 * many of these at once as the core allows, which are fewer.
 */
const SOCKETS_MAX = 256;
/** workerd closes an idle connection after 5 s; one that is used at that very moment would fail. */
const IDLE_SOCKET_MS = 3_000;
/** A page or a figure takes milliseconds: a workerd that is silent for so long is frozen. Tests of monitors take longer. */
const READ_MS = 10_000;
/** Requests under way have this long at the end of the process, which has ten seconds. */
const DRAIN_MS = 1_000;
const RETRY_AFTER_SECONDS = '2';
/** Headers of one connection only (RFC 9110, section 7.6.1). */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The edge's port on one machine. It stands in front of workerd, which bounds neither the number nor the age of its
 * connections, and sends `/status/*` to the status pages and everything else to the coordinator, as the routes of a
 * zone do on Cloudflare. Rendered pages are kept (page-bytes.ts). While workerd is away the last ones are sent for three
 * minutes; everything else is answered 503.
 */
export async function openEdgePort(
  listen: { readonly host: string | undefined; readonly port: number },
  workers: EdgeWorkers,
): Promise<{ close(): Promise<void> }> {
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX, timeout: IDLE_SOCKET_MS });
  const pages = createPageBytes(workers.statusPages);
  const server = createHttpPort(forwarder(workers, agent, pages));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new SetupError(`The edge's port cannot be opened: ${error.message}.`)));
    server.listen(listen, resolve);
  });
  return {
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
      await closed;
      clearTimeout(cut);
      pages.close();
      agent.destroy();
    },
  };
}

function forwarder({ coordinator, statusPages }: EdgeWorkers, agent: Agent, pages: PageBytes): RequestListener {
  return (incoming, outgoing) => {
    if (incoming.url?.startsWith('/status/') !== true) return forward(incoming, outgoing, { ...coordinator, agent });
    pages.answer(incoming, outgoing).then(
      (answered) => answered || forward(incoming, outgoing, { ...statusPages, agent }),
      () => refuse(incoming, outgoing),
    );
  };
}

/** Passes a request on and its answer back, both as they come. */
function forward(incoming: IncomingMessage, outgoing: ServerResponse, to: WorkerAddress & { agent: Agent }): void {
  const { method = 'GET', url: path = '/' } = incoming;
  const headers = passedHeaders(incoming.rawHeaders);
  const isChunked = incoming.headers['transfer-encoding'] !== undefined;
  const isBodiless = !isChunked && Number(incoming.headers['content-length'] ?? 0) === 0;
  // Node sends a GET's body without its framing otherwise.
  if (isChunked) headers.push('Transfer-Encoding', 'chunked');
  const passed = request({ ...to, method, path, headers, setHost: false });
  let isOver = false;
  passed.once('response', (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.statusMessage, passedHeaders(answer.rawHeaders));
    answer.once('error', () => outgoing.destroy());
    answer.pipe(outgoing);
  });
  const isRead = isBodiless && (method === 'GET' || method === 'HEAD');
  if (isRead) passed.setTimeout(READ_MS, () => passed.destroy(new Error('no answer in time')));
  passed.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (isOver) return;
    isOver = true;
    // workerd closed a kept connection while the request was on its way: the request was not worked on.
    const wasClosed = passed.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
    if (wasClosed && isRead && !outgoing.headersSent) forward(incoming, outgoing, to);
    else refuse(incoming, outgoing);
  });
  outgoing.once('close', () => {
    isOver = true;
    passed.destroy();
  });
  if (isBodiless) passed.end();
  else incoming.pipe(passed);
}

/** As pairs in one list, in their order: repeated names stay apart. */
function passedHeaders(raw: readonly string[]): string[] {
  const named = optionsOf(raw);
  const passed: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const [name = '', value = ''] = [raw[index], raw[index + 1]];
    if (OF_CONNECTION.has(name.toLowerCase()) || named.has(name.toLowerCase())) continue;
    passed.push(name, value);
  }
  return passed;
}

/** The headers that `Connection` names belong to the connection, too. */
function optionsOf(raw: readonly string[]): ReadonlySet<string> {
  const options = raw.flatMap((name, index) =>
    index % 2 === 0 && name.toLowerCase() === 'connection' ? (raw[index + 1] ?? '').split(',') : [],
  );
  return new Set(options.map((option) => option.trim().toLowerCase()));
}

/** workerd is away or frozen. Its next start takes seconds. */
function refuse(incoming: IncomingMessage, outgoing: ServerResponse): void {
  if (outgoing.headersSent || outgoing.destroyed) {
    outgoing.destroy();
    return;
  }
  const detail = 'The edge does not answer, or is starting again. This says nothing about the services that it checks.';
  const problem = problemOf('unavailable', { detail, traceId: crypto.randomUUID().replaceAll('-', '') });
  const forPeople = incoming.headers.accept?.includes('text/html') === true;
  const body = forPeople ? `${problem.title}. ${detail}\n` : JSON.stringify(problem);
  outgoing.writeHead(problem.status, {
    'Content-Type': forPeople ? 'text/plain; charset=utf-8' : 'application/problem+json',
    'Cache-Control': 'no-store',
    'Retry-After': RETRY_AFTER_SECONDS,
  });
  outgoing.end(body);
}
