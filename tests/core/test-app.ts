import { randomBytes } from 'node:crypto';
import type { JWK } from 'jose';
import { exportJWK, generateKeyPair } from 'jose';
import pino from 'pino';
import { createApp } from '#core/api/app.ts';
import type { StreamOptions } from '#core/api/stream.ts';
import { createContext } from '#core/compose.ts';
import { readConfig } from '#core/config.ts';
import type { CoreContext, EdgeClient } from '#core/context.ts';

/** An API with its own database, called without a network. Its clock can be moved. */
export interface TestApp {
  readonly ctx: CoreContext;
  /** Calls to the edge, which is a double with fixed answers. */
  readonly edgeCalls: unknown[];
  /** Moves the clock. */
  advance(ms: number): void;
  /** Stops the clock: from now on only `advance` moves it. */
  freeze(): void;
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  requestTo(origin: string, method: string, path: string, options?: RequestOptions): Promise<Answer>;
  /** The same API with some parts of its context replaced. */
  variant(changes: Partial<CoreContext>, options?: StreamOptions): TestApp['request'];
  /** Registers an account with the password PASSWORD and keeps its cookies. */
  signUp(email: string): Promise<Browser>;
  /** Signs an account in that was registered so. */
  signIn(email: string): Promise<Browser>;
  close(): Promise<void>;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** A body that is sent unchanged, instead of `body` in JSON. */
  readonly rawBody?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}

/** A client that keeps cookies and sends them, with the CSRF token on every write. */
export interface Browser {
  readonly cookies: Map<string, string>;
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
}

export const ORIGIN = 'http://localhost:8080';
export const PASSWORD = 'correct horse battery';

/**
 * Starts an API on `database`, an empty one of the caller's (tests/database.ts). Closing the app drops the database.
 */
export async function startTestApp(
  database: { readonly url: string; drop(): Promise<void> },
  environment: Record<string, string> = {},
): Promise<TestApp> {
  const config = readConfig(
    {
      BLACKTIDE_REGISTRATION: 'open',
      BLACKTIDE_ALLOW_PRIVATE_TARGETS: 'true',
      ...environment,
      DATABASE_URL: database.url,
    },
    { oneMachine: true },
  );
  let offsetMs = 0;
  let frozenMs: number | null = null;
  const clock = {
    now: () => new Date((frozenMs ?? Date.now()) + offsetMs),
    random: (bytes: number) => randomBytes(bytes),
  };
  const keys = { ...(await serviceKeys()), secrets: randomBytes(32), session: randomBytes(32) };
  const context = await createContext(config, { logger: pino({ level: 'silent' }), keys, clock });
  const edgeCalls: unknown[] = [];
  const ctx: CoreContext = { ...context, edge: recordingEdge(edgeCalls) };
  const app = createApp(ctx);
  const request = sender(app, ORIGIN);

  return {
    ctx,
    edgeCalls,
    advance(ms) {
      offsetMs += ms;
    },
    freeze() {
      frozenMs = Date.now();
    },
    request,
    requestTo: (origin, ...call) => sender(app, origin)(...call),
    variant: (changes, options) => sender(createApp({ ...ctx, ...changes }, options), ORIGIN),
    async signUp(email) {
      const browser = browserOf(request);
      const body = { email, password: PASSWORD, name: email };
      const answer = await browser.request('POST', '/api/v1/auth/register', { body });
      if (answer.status !== 201) throw new Error(`could not register: ${answer.text}`);
      return browser;
    },
    async signIn(email) {
      const browser = browserOf(request);
      const answer = await browser.request('POST', '/api/v1/auth/login', { body: { email, password: PASSWORD } });
      if (answer.status !== 200) throw new Error(`could not sign in: ${answer.text}`);
      return browser;
    },
    async close() {
      await context.close();
      await database.drop();
    },
  };
}

/** Sends requests to the app, from the network address if one is given. */
export function sender(app: ReturnType<typeof createApp>, origin: string, address?: string): TestApp['request'] {
  return async (method, path, options = {}) => {
    const body = options.rawBody ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const request = {
      method,
      headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...options.headers },
      ...(body === undefined ? {} : { body }),
    };
    const response = await app.request(`${origin}${path}`, request, peerAt(address));
    const text = await response.text();
    const json = /json/.test(response.headers.get('Content-Type') ?? '');
    return { status: response.status, headers: response.headers, text, body: json ? JSON.parse(text) : null };
  };
}

/** The part of @hono/node-server's environment from which the app reads the address of the peer. */
export function peerAt(address: string | undefined): object {
  return address === undefined ? {} : { incoming: { socket: { remoteAddress: address } } };
}

export function browserOf(send: TestApp['request']): Browser {
  const cookies = new Map<string, string>();
  return {
    cookies,
    async request(method, path, options = {}) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const csrf = cookies.get('bt_csrf');
      const headers = {
        ...(cookie === '' ? {} : { Cookie: cookie }),
        ...(csrf === undefined || method === 'GET' ? {} : { 'X-CSRF-Token': csrf }),
        ...options.headers,
      };
      const answer = await send(method, path, { ...options, headers });
      for (const line of answer.headers.getSetCookie()) keepCookie(cookies, line);
      return answer;
    },
  };
}

function keepCookie(cookies: Map<string, string>, line: string): void {
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
  if (/Max-Age=0/.test(line)) cookies.delete(name);
  else cookies.set(name, decodeURIComponent(value));
}

async function serviceKeys(): Promise<{ corePrivate: JWK; edgePublic: JWK }> {
  const core = await generateKeyPair('EdDSA', { extractable: true });
  const edge = await generateKeyPair('EdDSA', { extractable: true });
  return { corePrivate: await exportJWK(core.privateKey), edgePublic: await exportJWK(edge.publicKey) };
}

/** A double of the edge that records calls. The edge has its own tests, and the system tests run both together. */
function recordingEdge(calls: unknown[]): EdgeClient {
  return {
    async putAssignment(...args) {
      calls.push(['putAssignment', ...args]);
    },
    async putPage(...args) {
      calls.push(['putPage', ...args]);
    },
    async deletePage(...args) {
      calls.push(['deletePage', ...args]);
    },
    async checkNow(...args) {
      calls.push(['checkNow', ...args]);
      return { scheduledAt: '2026-01-01T00:00:00.000Z' };
    },
    async test(...args) {
      calls.push(['test', ...args]);
      return { outcomes: [] };
    },
  };
}
