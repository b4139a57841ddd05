import { upgradeWebSocket } from '@hono/node-server';
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { WSContext } from 'hono/ws';
import type { WebSocket } from 'ws';
import type { CoreContext } from '#core/context.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import { signedOutOf } from '#core/services/accounts/signed-out.ts';
import { authorize } from '#core/services/authorize.ts';
import type { Caller, RequestContext } from '#core/services/request-context.ts';
import { type LiveEvent, liveEventSchema } from '#domain/api/live.ts';
import { requireKnownOrigin } from './auth/csrf.ts';
import type { ApiEnv } from './env.ts';
import { requestContext } from './middleware/authenticate.ts';
import { createRouter } from './router.ts';

/** Interval of pings. Proxies close connections that are idle for a minute. */
const PING_MS = 25_000;
/**
 * Interval of looks at the sign-ins behind the open streams: a stream ends within a second of its revocation, expiry or
 * sign-out, in whichever process and way that happened. One statement looks at all streams of the process.
 */
const SIGN_IN_CHECK_MS = 500;
/** Shorter than the age at which a connection is cut: the reader is told, and connects again. */
const STREAM_AGE_MS = 55 * 60 * 1000;
/** Largest backlog of a stream. A slower reader is disconnected and starts again with current data. */
const BACKLOG_BYTES_MAX = 1024 * 1024;
/**
 * Most streams of a process: each stream of a busy organisation costs a message per result. More readers need more
 * processes.
 */
const STREAMS_MAX = 1000;
/** Most streams of one organisation, so that one cannot use all places: a team of a hundred with two tabs each. */
const ORGANIZATION_STREAMS_MAX = 250;

/** WebSocket close codes of RFC 6455, and of the private range. */
const GOING_AWAY = 1001;
const TRY_AGAIN_LATER = 1013;
const SIGNED_OUT = 4401;

export interface StreamOptions {
  /** Ends open streams. */
  readonly closing?: AbortSignal;
  /** Open streams of one process. */
  readonly streamsMax?: number;
  /** Open streams of one organisation. */
  readonly organizationStreamsMax?: number;
  readonly pingMs?: number;
}

/** One open stream, over either transport. */
interface Listener {
  send(text: string): void;
  ping(): void;
  end(code: number, reason: string): void;
}

/** `GET /stream`: live events of the caller's organisation, by WebSocket or server-sent events. */
export function streamRoutes(ctx: CoreContext, options: StreamOptions): OpenAPIHono<ApiEnv> {
  const router = createRouter();
  /** Open streams with their callers. */
  const open = new Map<Listener, Caller>();
  const streamsMax = options.streamsMax ?? STREAMS_MAX;
  const organizationStreamsMax = options.organizationStreamsMax ?? ORGANIZATION_STREAMS_MAX;
  options.closing?.addEventListener('abort', () => {
    for (const listener of open.keys()) listener.end(GOING_AWAY, 'The server is going away.');
  });

  function requireRoom({ caller }: RequestContext): void {
    const ofCaller = [...open.values()].filter(({ organizationId }) => organizationId === caller.organizationId);
    if (open.size >= streamsMax || ofCaller.length >= organizationStreamsMax) {
      throw new ProblemError('unavailable', 'Too many streams are open.');
    }
  }

  /** Subscribes a listener; returns the function that ends the subscription. */
  function attach(request: RequestContext, listener: Listener): () => void {
    open.set(listener, request.caller);
    signInCheck ??= setInterval(() => void endSignedOut(), SIGN_IN_CHECK_MS);
    ctx.metrics.gauge('api_streams', open.size);
    const send = (event: LiveEvent) => listener.send(JSON.stringify(event));
    const unsubscribe = ctx.live.subscribe((organizationId, event) => {
      if (organizationId === request.caller.organizationId) send(event);
    });
    const pings = setInterval(() => listener.ping(), options.pingMs ?? PING_MS);
    const aged = setTimeout(() => listener.end(GOING_AWAY, 'Connect again.'), STREAM_AGE_MS);
    send({ type: 'hello', at: ctx.clock.now().toISOString() });
    return () => {
      open.delete(listener);
      ctx.metrics.gauge('api_streams', open.size);
      clearInterval(pings);
      clearTimeout(aged);
      unsubscribe();
      if (open.size > 0) return;
      clearInterval(signInCheck);
      signInCheck = undefined;
    };
  }

  /** Runs while streams are open, one look at a time. */
  let signInCheck: NodeJS.Timeout | undefined;
  let looking = false;
  async function endSignedOut(): Promise<void> {
    if (looking) return;
    looking = true;
    try {
      const signedOut = await signedOutOf(ctx, [...open.values()]);
      for (const [listener, { credential }] of open) {
        if (signedOut.has(credential.id)) listener.end(SIGNED_OUT, 'Signed out.');
      }
    } catch (err) {
      ctx.logger.warn({ err }, 'streams could not be checked');
    } finally {
      looking = false;
    }
  }

  const webSocket = upgradeWebSocket((c) => {
    const request = requestContext(ctx, c);
    let detach = () => {};
    return {
      onOpen(_, socket) {
        detach = attach(request, webSocketListener(socket as WSContext<WebSocket>));
      },
      onClose: () => detach(),
    };
  });

  router.openapi(
    createRoute({
      method: 'get',
      path: '/',
      tags: ['Live'],
      summary: 'Live events: WebSocket, or server-sent events by Accept: text/event-stream',
      responses: {
        101: { description: 'The WebSocket is open; each message is an event' },
        200: { description: 'Events', content: { 'text/event-stream': { schema: liveEventSchema } } },
      },
    }),
    async (c) => {
      const request = requestContext(ctx, c);
      authorize(request, 'read');
      requireKnownOrigin(ctx, c);
      requireRoom(request);
      if (isUpgrade(c)) return (await webSocket(c, async () => {})) as never;
      if (!(c.req.header('Accept') ?? '').includes('text/event-stream')) {
        throw new ProblemError('malformed_request', 'Open a WebSocket here, or send Accept: text/event-stream.');
      }
      // The answer to HEAD has no body, so its stream would never be written to nor end.
      if (c.req.method === 'HEAD') return c.body(null, 200, { 'Content-Type': 'text/event-stream' }) as never;
      return serverSentEvents(c, (listener) => attach(request, listener)) as never;
    },
  );
  return router;
}

/** True for a real upgrade, for which Node gives no response object. A request with the header alone is not one. */
function isUpgrade(c: Context<ApiEnv>): boolean {
  const asked = c.req.header('Upgrade')?.toLowerCase() === 'websocket';
  return asked && c.env?.incoming !== undefined && c.env.outgoing === undefined;
}

function webSocketListener(socket: WSContext<WebSocket>): Listener {
  let answered = true;
  socket.raw?.on('pong', () => {
    answered = true;
  });
  const listener: Listener = {
    send(text) {
      if ((socket.raw?.bufferedAmount ?? 0) > BACKLOG_BYTES_MAX) listener.end(TRY_AGAIN_LATER, 'Too far behind.');
      else socket.send(text);
    },
    ping() {
      // Without an answer to the last ping the peer is gone.
      if (!answered) socket.raw?.terminate();
      answered = false;
      socket.raw?.ping();
    },
    end: (code, reason) => socket.close(code, reason),
  };
  return listener;
}

function serverSentEvents(c: Context<ApiEnv>, attach: (listener: Listener) => () => void): Response {
  c.header('X-Accel-Buffering', 'no');
  return streamSSE(c, async (stream) => {
    let backlogBytes = 0;
    const ended = Promise.withResolvers<void>();
    const write = (text: string) => {
      backlogBytes += text.length;
      if (backlogBytes > BACKLOG_BYTES_MAX) ended.resolve();
      else
        void stream.write(text).then(() => {
          backlogBytes -= text.length;
        });
    };
    const detach = attach({
      send: (text) => write(`data: ${text}\n\n`),
      ping: () => write(': ping\n\n'),
      end: () => ended.resolve(),
    });
    stream.onAbort(() => ended.resolve());
    await ended.promise;
    detach();
  });
}
