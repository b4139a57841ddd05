import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createIngest } from '#core/ingest/consumer.ts';
import { LOCATION_IDS } from '#domain/check/location.ts';
import { type DocumentedRoute, documentedRoutes, pathOf } from '#tests/core/documented-routes.ts';
import { type GarbageRequest, garbageRequest, type Known } from '#tests/core/garbage.ts';
import { CHANNEL, createSamples, MONITOR } from '#tests/core/sample-objects.ts';
import { type Attack, TRICKS } from '#tests/core/tenant-tricks.ts';
import {
  type Answer,
  type Browser,
  browserOf,
  ORIGIN,
  peerAt,
  sender,
  startTestApp,
  type TestApp,
} from '#tests/core/test-app.ts';
import { completed, resultAt, roundEvent } from '#tests/core/test-core.ts';
import { createTestDatabase } from '#tests/database.ts';
import { createApp } from './app.ts';

/**
 * Open registration: an attacker's organisation plays tricks against a victim's in one process. The victim's reads stay
 * the same, its writes succeed, and no answer to the attacker has the victim's data.
 */
const SEED = 20_261_130;
const RUNS = 3;
/** A run takes a second; the deadline allows a machine that is many times slower. */
const TIMEOUT_MS = 120_000;
/**
 * Time that passes between two runs. It refills the rate limits, and exceeds the minute for which `GET /locations` is
 * cached. All runs together are shorter than the 15 minutes of an access token.
 */
const BETWEEN_RUNS_MS = 61_000;
/** Text in the victim's objects that nobody else knows. */
const SECRET = 'unguessable-4711';
const API = '/api/v1';
const VICTIM = { email: 'victim@example.com', address: '192.0.2.1', slug: 'victim' };
const ATTACKER = { email: 'attacker@example.com', address: '198.51.100.9', slug: 'attacker' };
const STREAMS = 300;

let app: TestApp;
let api: ReturnType<typeof createApp>;
let victim: Browser;
let attack: Attack;
let known: Known;
/** Texts that no answer to the attacker may have. */
let secrets: readonly string[];

beforeAll(async () => {
  app = await startTestApp(await createTestDatabase());
  // Time passes only between runs, so that figures of a time range can be compared byte by byte.
  app.freeze();
  api = createApp(app.ctx);
  victim = await signUp(VICTIM);
  const attacker = await signUp(ATTACKER);
  const victimObjects = await createSamples(app, victim, VICTIM.slug);
  const attackerObjects = await createSamples(app, attacker, ATTACKER.slug);
  known = { ...(await documentedRoutes(app)), objects: victimObjects };
  const victimRequest = { key: 'deploy-4711', body: CHANNEL };
  attack = {
    app,
    attacker,
    attackerObjects,
    victimObjects,
    victimRequest,
    victimEmail: VICTIM.email,
    victimSlug: VICTIM.slug,
  };
  for (const path of ['monitors', 'alert-rules', 'channels', 'status-pages'] as const) {
    const id = pathOf(`/${path}/{id}`, victimObjects);
    expect((await victim.request('PATCH', `${API}${id}`, { body: { name: SECRET } })).status).toBe(200);
  }
  const note = `${API}/incidents/${victimObjects.incident}/notes`;
  expect((await victim.request('POST', note, { body: { text: SECRET } })).status).toBe(201);
  const headers = { 'Idempotency-Key': victimRequest.key };
  const made = await victim.request('POST', `${API}/channels`, { body: victimRequest.body, headers });
  secrets = [SECRET, made.body.id, made.body.config.secret];
  await storeResults(victimObjects.monitor);
});
afterAll(() => app.close());

async function signUp({ email, address }: typeof VICTIM): Promise<Browser> {
  const browser = browserOf(sender(api, ORIGIN, address));
  for (const [name, value] of (await app.signUp(email)).cookies) browser.cookies.set(name, value);
  return browser;
}

async function storeResults(monitorId: string): Promise<void> {
  const slots = Array.from({ length: 10 }, (_, n) => new Date(app.ctx.clock.now().getTime() - (n + 1) * 60_000));
  await createIngest(app.ctx).handle(
    slots.flatMap((at) => [
      ...LOCATION_IDS.map((location) => completed(resultAt(monitorId, location, at))),
      roundEvent(monitorId, 'up', at),
    ]),
  );
}

/** Every documented GET of the victim's objects. The stream has a test of its own. */
async function readEverything(): Promise<string[]> {
  const gets = known.routes.filter(({ method, template }) => method === 'GET' && !template.endsWith('/stream'));
  const read: string[] = [];
  for (const { template } of gets) {
    const { status, text } = await victim.request('GET', pathOf(template, known.objects));
    read.push(`${template} ${status} ${text}`);
  }
  return read;
}

/** Changes of the victim's objects, and a sign-in. What is created is deleted again. */
async function writeEverything(run: number): Promise<void> {
  const { monitor, alertRule, channel, incident, statusPage } = known.objects;
  const slug = `victim-${run}`;
  const send = async (status: number, method: string, path: string, body?: object): Promise<Answer> => {
    const answer = await victim.request(method, `${API}${path}`, body === undefined ? {} : { body });
    expect([method, path, answer.status, answer.text]).toEqual([method, path, status, answer.text]);
    return answer;
  };
  await send(200, 'PATCH', `/monitors/${monitor}`, { tags: [`run-${run}`] });
  await send(200, 'PATCH', `/alert-rules/${alertRule}`, { severity: run % 2 === 0 ? 'major' : 'minor' });
  await send(200, 'PATCH', `/channels/${channel}`, { default: run % 2 === 0 });
  await send(200, 'PATCH', `/status-pages/${statusPage}`, { description: `Run ${run}` });
  await send(201, 'POST', `/incidents/${incident}/notes`, { text: `Run ${run}` });
  for (const [path, body] of [
    ['/monitors', MONITOR],
    ['/channels', CHANNEL],
    ['/status-pages', { name: 'Another', slug, components: [{ name: 'Shop', monitorId: monitor }] }],
    ['/api-keys', { name: 'Another', scopes: ['read'] }],
  ] as const) {
    const { id } = (await send(201, 'POST', path, body)).body;
    await send(204, 'DELETE', `${path}/${id}`);
  }
  await send(200, 'POST', `/monitors/test`, { type: 'http', config: MONITOR.config });
  const password = 'correct horse battery';
  const again = browserOf(sender(api, ORIGIN, VICTIM.address));
  const signIn = await again.request('POST', `${API}/auth/login`, { body: { email: VICTIM.email, password } });
  expect(signIn.status).toBe(200);
}

/** A request of a route with the victim's ids in its path, and garbage with the victim's ids in the rest. */
function requestOf(route: DocumentedRoute): fc.Arbitrary<GarbageRequest & { readonly method: string }> {
  return garbageRequest(route, known).map(({ path, headers: garbage, ...request }) => {
    const { Cookie: _cookie, 'X-CSRF-Token': _csrf, ...headers } = garbage;
    const [, query] = path.split('?');
    const real = pathOf(route.template, known.objects);
    return { ...request, method: route.method, headers, path: query === undefined ? real : `${real}?${query}` };
  });
}

/**
 * Sends a request of every route, except the attacker's own sign-in and sign-out, and the stream, which never ends. The
 * requests are made from a seed, because a list of them would be an unreadable counterexample.
 */
async function sendToAllRoutes(seed: number): Promise<void> {
  const routes = known.routes.filter(({ template }) => !/\/(?:auth\/[a-z]+|stream)$/.test(template));
  expect(routes.length).toBeGreaterThan(40);
  for (const route of routes) {
    for (const { method, path, ...request } of fc.sample(requestOf(route), { seed, numRuns: 1 })) {
      expectNothingTold(await attack.attacker.request(method, path, request));
    }
  }
}

function expectNothingTold({ status, text }: Answer): void {
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  expect(status === 503 || status < 500 ? 'in order' : text).toBe('in order');
}

interface TrickCall {
  readonly trick: keyof typeof TRICKS;
  readonly size: number;
}

/** Every trick once, in any order: the first half is for the victim's reads, the second for its writes. */
function trickCalls(): fc.Arbitrary<readonly TrickCall[]> {
  const names = Object.keys(TRICKS) as (keyof typeof TRICKS)[];
  const order = fc.shuffledSubarray(names, { minLength: names.length });
  return fc
    .tuple(order, fc.array(fc.nat(9), { minLength: names.length, maxLength: names.length }))
    .map(([tricks, sizes]) => tricks.map((trick, n) => ({ trick, size: sizes[n] ?? 0 })));
}

async function playTricks(calls: readonly TrickCall[]): Promise<void> {
  for (const { trick, size } of calls) {
    for (const answer of await TRICKS[trick](attack, size)) expectNothingTold(answer);
  }
}

test(
  "no trick of another organisation changes a read, prevents a write, or reads anything of the victim's",
  async () => {
    let run = 0;
    const property = fc.asyncProperty(fc.nat(), trickCalls(), async (seed, tricks) => {
      run += 1;
      const half = tricks.length / 2;
      const before = await readEverything();
      const [during] = await Promise.all([readEverything(), sendToAllRoutes(seed), playTricks(tricks.slice(0, half))]);
      expect(during).toEqual(before);
      expect(await readEverything()).toEqual(before);
      await Promise.all([writeEverything(run), playTricks(tricks.slice(half))]);
      app.advance(BETWEEN_RUNS_MS);
    });
    await fc.assert(property, { seed: SEED, numRuns: RUNS, endOnFailure: true });
  },
  TIMEOUT_MS,
);

/** Opens the stream of server-sent events; answers null when it is refused. */
async function openStream(browser: Browser, address: string) {
  const headers = {
    Accept: 'text/event-stream',
    Cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
  };
  const response = await api.request(`${ORIGIN}${API}/stream`, { headers }, peerAt(address));
  if (response.status !== 200 || response.body === null) return null;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  return {
    /** Everything up to the event that has this text. */
    async until(text: string): Promise<string> {
      let received = '';
      while (!received.includes(text)) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`the stream ended after ${received}`);
        received += value;
      }
      return received;
    },
    close: () => reader.cancel(),
  };
}

test('streams of another organisation get no event of the victim, and leave room for its streams', async () => {
  const opened = await Promise.all(
    Array.from({ length: STREAMS }, () => openStream(attack.attacker, ATTACKER.address)),
  );
  const streams = opened.filter((stream) => stream !== null);
  const own = await openStream(victim, VICTIM.address);
  try {
    expect(streams.length).toBeLessThan(STREAMS);
    const organizationOf = async (browser: Browser) =>
      (await browser.request('GET', `${API}/auth/me`)).body.organization.id as string;
    const event = (monitorId: string) =>
      ({
        type: 'monitor.status',
        data: { monitorId, status: 'down', previous: 'up', since: app.ctx.clock.now().toISOString() },
      }) as const;
    app.ctx.live.emit(await organizationOf(victim), [event(SECRET)]);
    app.ctx.live.emit(await organizationOf(attack.attacker), [event('the last one')]);
    expect(await own?.until(SECRET)).not.toContain('the last one');
    for (const stream of streams) expect(await stream.until('the last one')).not.toContain(SECRET);
  } finally {
    await Promise.all([...streams, own].map((stream) => stream?.close()));
  }
});
