import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { problemSchema } from '#domain/base/problem.ts';
import { documentedRoutes } from '#tests/core/documented-routes.ts';
import { type GarbageRequest, garbageRequest, type Known } from '#tests/core/garbage.ts';
import { createSamples } from '#tests/core/sample-objects.ts';
import { type Answer, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';

/** Requests generated from the OpenAPI document: each one is answered with a documented status, or changes nothing. */
const SEED = 20_261_122;
const REQUESTS_PER_ROUTE = 10;
/** One request in this many is sent without a key. */
const STRANGERS = 9;
/** Hundreds of requests take seconds; the deadline allows a machine that is many times slower. */
const TIMEOUT_MS = 120_000;

let app: TestApp;
let known: Known;
let authorization: string;
let everything: string;
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase());
  const ada = await app.signUp('ada@example.com');
  const objects = await createSamples(app, ada, 'ada');
  const { body } = await ada.request('POST', '/api/v1/api-keys', { body: { name: 'all', scopes: ['admin'] } });
  authorization = `Bearer ${body.key}`;
  const document = await documentedRoutes(app);
  known = { ...document, objects };
  everything = await hashOfEverything();
});
afterAll(() => app.close());

/** A statement that hashes every row, except counters of requests. */
async function hashOfEverything(): Promise<string> {
  const tables = await app.ctx.sql<{ name: string }[]>`
    select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
      and not relispartition and relname not in
        ('idempotency_keys', 'password_attempts', 'service_token_uses', 'check_results')`;
  const rows = tables.map(
    ({ name }) => `select '${name}' || (to_jsonb(t) - 'last_used_at')::text as row from ${name} t`,
  );
  return `select md5(string_agg(md5(row), '' order by md5(row))) as stored from (${rows.join(' union all ')}) everything`;
}

async function everythingStored(): Promise<string> {
  const [hash] = await app.ctx.sql.unsafe(everything, [], { prepare: true });
  return hash?.stored;
}

function expectOrder(answer: Answer): void {
  expect(answer.status).toBeLessThan(500);
  if (answer.status < 400) return;
  expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
  const problem = problemSchema.parse(answer.body);
  expect(problem.status).toBe(answer.status);
  expect(problem.traceId).toMatch(/^[0-9a-f]{32}$/);
}

test(
  'garbage is refused with a problem and leaves nothing behind, on every route',
  async () => {
    expect(known.routes.length).toBeGreaterThan(40);
    let stored = await everythingStored();
    for (const [index, route] of known.routes.entries()) {
      // Rate limits of its own, so that no route is answered 429 because of others.
      const send = app.variant({});
      const property = fc.asyncProperty(garbageRequest(route, known), fc.nat(STRANGERS), async (garbage, stranger) => {
        const answer = await send(route.method, garbage.path, stranger === 0 ? garbage : signed(garbage));
        expectOrder(answer);
        const before = stored;
        stored = await everythingStored();
        if (answer.status >= 400) expect(stored).toBe(before);
      });
      await fc.assert(property, { seed: SEED + index, numRuns: REQUESTS_PER_ROUTE, includeErrorInReport: true });
    }
  },
  TIMEOUT_MS,
);

function signed(garbage: GarbageRequest): GarbageRequest {
  return { ...garbage, headers: { ...garbage.headers, Authorization: authorization } };
}
