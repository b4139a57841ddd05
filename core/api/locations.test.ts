import { afterAll, beforeAll, expect, test } from 'vitest';
import { createIngest } from '#core/ingest/consumer.ts';
import { LOCATION_IDS, type LocationId } from '#domain/check/location.ts';
import { type Browser, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';

let app: TestApp;
let ada: Browser;
let sasha: Browser;
/** Somebody without a monitor. */
let robin: Browser;
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase());
  ada = await app.signUp('ada@example.com');
  sasha = await app.signUp('sasha@example.com');
  robin = await app.signUp('robin@example.com');
});
afterAll(() => app.close());

/** Where a monitor of this person runs, and whose it is. */
async function newMonitor(person: Browser): Promise<{ shard: string; organization: string }> {
  const body = { name: 'Shop', type: 'http', config: { url: 'https://shop.example/' } };
  const { id } = (await person.request('POST', '/api/v1/monitors', { body })).body;
  const [row] = await app.ctx.sql<{ shard: string; organization: string }[]>`
    SELECT shard_id AS shard, organization_id AS organization FROM monitors WHERE id = ${id}`;
  if (row === undefined) throw new Error('no monitor');
  return row;
}

async function told(
  shard: string,
  location: LocationId,
  dark: boolean,
  scope: { organization?: string },
): Promise<void> {
  const at = app.ctx.clock.now().toISOString();
  const event = { v: 1, kind: 'location.state', id: `evt_${at}`, location, shard, dark, at, ...scope };
  await createIngest(app.ctx).handle([event]);
  // Longer than an answer is kept.
  app.advance(61_000);
}

async function darkTo(person: Browser): Promise<Record<string, string>> {
  const { data } = (await person.request('GET', '/api/v1/locations')).body;
  expect(data.map((one: { id: string }) => one.id)).toEqual(LOCATION_IDS);
  const dark = data.filter(({ status }: { status: string }) => status === 'dark');
  expect(data.filter(({ darkFor }: { darkFor: string | null }) => darkFor !== null)).toEqual(dark);
  return Object.fromEntries(dark.map((one: { id: string; darkFor: string }) => [one.id, one.darkFor]));
}

test('a location that is dark for one organization is dark to nobody else, though they share a shard', async () => {
  const [own, other] = [await newMonitor(ada), await newMonitor(sasha)];
  expect(other.shard).toBe(own.shard);
  await told(own.shard, 'sa-east', true, { organization: own.organization });
  expect(await darkTo(ada)).toEqual({ 'sa-east': 'organization' });
  expect(await darkTo(sasha)).toEqual({});
  await told(own.shard, 'eu-west', true, {});
  expect(await darkTo(ada)).toEqual({ 'sa-east': 'organization', 'eu-west': 'everybody' });
  expect(await darkTo(sasha)).toEqual({ 'eu-west': 'everybody' });
  expect(await darkTo(robin)).toEqual({});
  // Both at once: everybody is told first.
  await told(own.shard, 'sa-east', true, {});
  expect(await darkTo(ada)).toMatchObject({ 'sa-east': 'everybody' });
  await told(own.shard, 'sa-east', false, {});
  expect(await darkTo(ada)).toMatchObject({ 'sa-east': 'organization' });
  await told(own.shard, 'sa-east', false, { organization: own.organization });
  await told(own.shard, 'eu-west', false, {});
  expect([await darkTo(ada), await darkTo(sasha)]).toEqual([{}, {}]);
});

test('operators see for whom in the metrics, without names', async () => {
  const text = app.ctx.metrics.render();
  expect(text).toContain('blacktide_location_changes_total{location="sa-east",scope="organization",to="dark"} 1\n');
  expect(text).toContain('blacktide_location_changes_total{location="eu-west",scope="everybody",to="back"} 1\n');
  expect(text.split('\n').filter((line) => line.includes('location_changes') && line.includes('org_'))).toEqual([]);
});
