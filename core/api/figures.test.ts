import { afterAll, beforeAll, expect, test } from 'vitest';
import { createIngest } from '#core/ingest/consumer.ts';
import { LOCATION_IDS } from '#domain/check/location.ts';
import { type Browser, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { completed, resultAt, roundEvent } from '#tests/core/test-core.ts';
import { createTestDatabase } from '#tests/database.ts';

/** Figures of a monitor as the API answers them in several places. */

let app: TestApp;
let ada: Browser;
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase());
  ada = await app.signUp('ada@example.com');
});
afterAll(() => app.close());

const get = async (path: string) => (await ada.request('GET', `/api/v1${path}`)).body;
async function newMonitor(settings: object = {}): Promise<string> {
  const body = { name: 'Shop', type: 'http', config: { url: 'https://shop.example/' }, ...settings };
  return (await ada.request('POST', '/api/v1/monitors', { body })).body.id;
}

test('list, monitor and uptime say the same at the same moment, while rounds arrive', async () => {
  const id = await newMonitor();
  const startMs = Math.floor(Date.now() / 60_000) * 60_000 - 600_000;
  const round = (n: number, status: 'up' | 'down') =>
    createIngest(app.ctx).handle([roundEvent(id, status, new Date(startMs + n * 60_000), { intervalSeconds: 60 })]);
  const PERIOD_MS = 20_000;
  const nextPeriod = () => app.advance(PERIOD_MS - (app.ctx.clock.now().getTime() % PERIOD_MS));
  nextPeriod();
  const said = new Set<number | null>();
  await round(0, 'up');
  for (let n = 1; n < 10; n++) {
    const { data } = await get('/monitors');
    const listed = data.find((monitor: { id: string }) => monitor.id === id);
    const alone = await get(`/monitors/${id}`);
    const uptime = await get(`/monitors/${id}/uptime?window=24h`);
    expect([alone.uptime24h, uptime.uptimePercent]).toEqual([listed.uptime24h, listed.uptime24h]);
    expect([listed.uptime24hSince, uptime.since]).toEqual([alone.uptime24hSince, alone.uptime24hSince]);
    expect(uptime.since).toBe(new Date(startMs).toISOString());
    said.add(listed.uptime24h);
    await round(n, n % 3 === 0 ? 'down' : 'up');
    nextPeriod();
  }
  // The figure moved on, and not only in one place.
  expect(said.size).toBeGreaterThan(2);
});

test.each([5, 20, 30, 45, 60, 100, 300, 900])(
  'an hour of a monitor every %i s has no step without results',
  async (intervalSeconds) => {
    const id = await newMonitor({ intervalSeconds, timeoutMs: 1000, locations: ['eu-west'] });
    const hourMs = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 7_200_000;
    // Slots lie anywhere between the borders of steps.
    const slots = Array.from(
      { length: Math.floor(3600 / intervalSeconds) },
      (_, n) => hourMs + 3_137 + n * intervalSeconds * 1000,
    );
    await createIngest(app.ctx).handle(slots.map((atMs) => completed(resultAt(id, 'eu-west', new Date(atMs)))));
    const range = `from=${new Date(hourMs).toISOString()}&to=${new Date(hourMs + 3_600_000).toISOString()}`;
    for (const query of [range, `${range}&step=5`]) {
      const { stepSeconds, locations } = await get(`/monitors/${id}/series?${query}`);
      expect(stepSeconds).toBeGreaterThanOrEqual(intervalSeconds);
      const times: number[] = locations[0].points.map(({ at }: { at: string }) => Date.parse(at));
      const distances = new Set(times.slice(1).map((time, n) => time - (times[n] ?? 0)));
      expect([...distances]).toEqual([stepSeconds * 1000]);
    }
  },
);

test('a long range of a slow monitor has no step without results either', async () => {
  const intervalSeconds = 21_600;
  const id = await newMonitor({ intervalSeconds });
  const startMs = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 5 * 86_400_000;
  const slots = Array.from({ length: 16 }, (_, n) => new Date(startMs + 3_137 + n * intervalSeconds * 1000));
  await createIngest(app.ctx).handle(
    slots.flatMap((slot) => LOCATION_IDS.map((location) => completed(resultAt(id, location, slot)))),
  );
  const { stepSeconds, source, locations } = await get(
    `/monitors/${id}/series?from=${new Date(startMs).toISOString()}&to=${new Date(startMs + 4 * 86_400_000).toISOString()}`,
  );
  expect([stepSeconds, source]).toEqual([intervalSeconds, 'rollups']);
  expect(locations.map(({ points }: { points: unknown[] }) => points.length)).toEqual(LOCATION_IDS.map(() => 16));
});
