import { randomBytes } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocketServer } from 'ws';
import { type ProblemCode, problemOf } from '#domain/base/problem.ts';
import { boundConnections, type ConnectionLimits } from './connections.ts';
import { hostFault } from './host-header.ts';
import { boundUnreadBodies, LINGER_MS } from './unread-body.ts';

/** One packet holds a head; a phone with two lost packets still needs less than this. */
const HEAD_MS = 10_000;
/**
 * Head and body together. 1 MiB, the largest body of the API, takes 28 s at 300 kbit/s. The edge gives up its own
 * batches after 10 s.
 */
const REQUEST_MS = 30_000;
/** Pause between two requests of a connection; Node's own value, named because it is part of the promise. */
const KEEP_ALIVE_MS = 5_000;
/**
 * Nothing sent or received. The longest answer that a caller waits for is a test of a monitor (twice its timeout of
 * 30 s), and the other part is for whoever does not read an answer.
 */
const SILENT_MS = 120_000;
/** Node looks for expired requests this often: each time limit above is exceeded by at most this. */
const EXPIRY_CHECK_MS = 1_000;
/** A WebSocket is accepted or refused by one look at the database. */
const HANDSHAKE_MS = 10_000;
const TRACE_ID_BYTES = 16;

export interface PortLimits extends ConnectionLimits {
  readonly headMs: number;
  readonly requestMs: number;
  readonly keepAliveMs: number;
  readonly silentMs: number;
  readonly handshakeMs: number;
}

export interface PortOptions {
  /** Absent on a port without WebSockets. */
  readonly webSocket?: { readonly path: string; readonly server: WebSocketServer };
  readonly limits?: Partial<PortLimits> | undefined;
}

/**
 * The HTTP server of any port that BlackTide opens. Its connections are bounded in number, age and idle time. Requests
 * that name no readable host are refused before `listener`. `Upgrade` is ignored (RFC 9110, section 7.8) except for a
 * WebSocket on the path that has one.
 */
export function createHttpPort(
  listener: RequestListener,
  options: PortOptions = {},
  server: ServerOptions = {},
): Server {
  const { headMs = HEAD_MS, requestMs = REQUEST_MS, keepAliveMs = KEEP_ALIVE_MS } = options.limits ?? {};
  const port = createServer(
    {
      ...server,
      headersTimeout: Math.min(headMs, requestMs),
      requestTimeout: requestMs,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: Math.min(EXPIRY_CHECK_MS, headMs),
      shouldUpgradeCallback: (request) => {
        const isHere = isWebSocketHere(request, options.webSocket?.path);
        if (isHere) beginUpgrade(request.socket);
        return isHere;
      },
      // Answered below, with a body that says why.
      requireHostHeader: false,
    },
    (incoming, outgoing) => {
      const fault = requestFault(incoming);
      // Node loses what follows an ignored upgrade in the same packet: a client must not wait for its next answer.
      if (incoming.headers.upgrade !== undefined) outgoing.shouldKeepAlive = false;
      if (fault === null) listener(incoming, outgoing);
      else refuse(outgoing, fault);
    },
  );
  port.timeout = options.limits?.silentMs ?? SILENT_MS;
  const noteUpgrade = boundConnections(port, options.limits);
  const boundHandshake = handshakeBound(options);
  const beginUpgrade = (socket: Socket) => {
    noteUpgrade(socket);
    boundHandshake(socket);
  };
  boundUnreadBodies(port);
  /** The answer under way on each socket. */
  const answers = new WeakMap<Duplex, ServerResponse>();
  port.prependListener('request', ({ socket }: IncomingMessage, outgoing: ServerResponse) => {
    answers.set(socket, outgoing);
    outgoing.once('close', () => answers.delete(socket));
  });
  port.on('clientError', (_, socket) => answerNonsense(socket, answers.get(socket)));
  return port;
}

/** The reason why the request is refused, whatever its path; null for a good request. */
function requestFault(request: IncomingMessage): string | null {
  const fault = hostFault(request);
  if (fault !== null) return fault;
  // Requests for a WebSocket at a path that has one do not reach this function.
  return isWebSocket(request) && isUpgrade(request) ? 'There is no WebSocket at this path.' : null;
}

function isWebSocketHere(request: IncomingMessage, path: string | undefined): boolean {
  if (request.method !== 'GET' || path === undefined || !isWebSocket(request)) return false;
  return request.url?.split('?')[0] === path && hostFault(request) === null;
}

/** A list of protocols is not an offer of a WebSocket: whoever wants one names it alone (RFC 6455, section 4.1). */
function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

function isUpgrade({ headers }: IncomingMessage): boolean {
  const named = headers.connection?.split(',') ?? [];
  return named.some((option) => option.trim().toLowerCase() === 'upgrade');
}

/** A handshake that ends in no WebSocket within its time, or was refused, keeps no socket. */
function handshakeBound({ webSocket, limits }: PortOptions): (socket: Duplex) => void {
  const waiting = new WeakMap<Duplex, NodeJS.Timeout>();
  webSocket?.server.on('connection', (_, { socket }) => clearTimeout(waiting.get(socket)));
  return (socket) => {
    const cut = setTimeout(() => socket.destroy(), limits?.handshakeMs ?? HANDSHAKE_MS);
    waiting.set(socket, cut);
    socket.once('close', () => clearTimeout(cut));
    destroyAfterEnd(socket);
  };
}

/** A peer may leave its side open for ever: after our last byte it has the time to read it, and no more. */
function destroyAfterEnd(socket: Duplex): void {
  socket.once('finish', () => {
    const cut = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(cut));
  });
}

function refuse(outgoing: ServerResponse, detail: string): void {
  const { headers, body, status } = problemAnswer('malformed_request', detail);
  outgoing.writeHead(status, headers);
  outgoing.end(body);
}

/** A request that Node cannot parse, or that came too slowly: its answer is written to the socket. */
function answerNonsense(socket: Duplex, answer: ServerResponse | undefined): void {
  // An answer that has begun must not be continued by another one.
  if (!socket.writable || answer?.headersSent === true) {
    socket.destroy();
    return;
  }
  const detail = 'This is not HTTP, came too slowly, or its head is larger than 16 KiB.';
  const { headers, body } = problemAnswer('malformed_request', detail);
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  destroyAfterEnd(socket);
  socket.end(`HTTP/1.1 400 Bad Request\r\n${head.join('\r\n')}\r\n\r\n${body}`);
}

function problemAnswer(code: ProblemCode, detail: string) {
  const traceId = randomBytes(TRACE_ID_BYTES).toString('hex');
  const problem = problemOf(code, { detail, traceId });
  const body = JSON.stringify(problem);
  const headers = {
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
    'X-Trace-Id': traceId,
    Connection: 'close',
  };
  return { status: problem.status, headers, body };
}
