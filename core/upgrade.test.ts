import { createHash, randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import connect, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { weekOf } from '#db/partitions.ts';
import { newId } from '#domain/base/id.ts';
import type { OutcomeKind } from '#domain/check/result.ts';
import { uptimePercent } from '#domain/figures/uptime.ts';
import { completed, resultAt, roundEvent, startTestCore, type TestCore } from '#tests/core/test-core.ts';
import { createTestDatabase } from '#tests/database.ts';
import { rollUpDirtyHours } from './aggregate/roll-up.ts';
import { createApp } from './api/app.ts';
import { createIngest } from './ingest/consumer.ts';
import { buildSnapshot } from './publish/snapshots.ts';

/**
 * An installation of the version without stored verdicts (migrations 0000 to 0003) is migrated with its data: its
 * figures and incidents stay the same, and it continues to work.
 */
const LAST_OLD_MIGRATION = 3;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MIGRATIONS = fileURLToPath(new URL('../db/migrations', import.meta.url));
const LOCATIONS = ['us-east', 'eu-west', 'ap-southeast'] as const;
const KEY = `btk_${randomBytes(32).toString('base64url')}`;

/** Rounds of an hour as the old version counted them: uptime was up / (up + down) of their numbers. */
interface OldHour {
  readonly ms: number;
  readonly up: number;
  readonly down: number;
  readonly unknown: number;
  readonly downSeconds: number;
}

/** Outcomes of three locations in a round, with the old version's verdict. */
const ROUNDS: readonly [verdict: 'up' | 'down' | 'unknown', outcomes: readonly OutcomeKind[]][] = [
  ['up', ['success', 'success', 'success']],
  ['up', ['success', 'failure', 'success']],
  ['down', ['failure', 'success', 'timeout']],
  ['up', ['error', 'success', 'success']],
  ['unknown', ['error', 'error', 'error']],
  ['down', ['failure', 'failure', 'error']],
  ['unknown', ['failure', 'error', 'error']],
];

// Nothing of the running minute is there yet, so that every verdict has stood its whole time.
const nowMs = Math.floor(Date.now() / MINUTE) * MINUTE;
const openHour = Math.floor(nowMs / HOUR) * HOUR;
const idOf = (prefix: 'mon' | 'org' | 'shd' | 'stp' | 'cmp' | 'inc' | 'key') => newId(prefix, nowMs, randomBytes(10));
const [org, shard, minutely, slowed, daily] = [idOf('org'), idOf('shd'), idOf('mon'), idOf('mon'), idOf('mon')];

let core: TestCore;
let app: ReturnType<typeof createApp>;
/** Slot of a round for which one of three locations has a result. */
let underWayMs: number;
const old = new Map<string, OldHour[]>();

beforeAll(async () => {
  const database = await createTestDatabase();
  // drizzle changes how its client writes values, so it has one of its own.
  for (const prepare of [migrateAsBefore, fill]) {
    const sql = connect(database.url, { max: 1, onnotice: () => {} });
    try {
      await prepare(sql);
    } finally {
      await sql.end();
    }
  }
  core = await startTestCore(database);
  app = createApp(core.ctx);
});
afterAll(() => core.close());

async function migrateAsBefore(sql: Sql): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'blacktide-old-migrations-'));
  try {
    const journal = JSON.parse(readFileSync(join(MIGRATIONS, 'meta/_journal.json'), 'utf8'));
    const entries = journal.entries.filter(({ idx }: { idx: number }) => idx <= LAST_OLD_MIGRATION);
    mkdirSync(join(folder, 'meta'));
    writeFileSync(join(folder, 'meta/_journal.json'), JSON.stringify({ ...journal, entries }));
    for (const { tag } of entries) cpSync(join(MIGRATIONS, `${tag}.sql`), join(folder, `${tag}.sql`));
    await migrate(drizzle(sql), { migrationsFolder: folder });
  } finally {
    rmSync(folder, { recursive: true });
  }
  for (let week = -6; week <= 4; week++) {
    const { name, from, to } = weekOf(new Date(nowMs + week * 7 * DAY));
    await sql.unsafe(`CREATE TABLE check_results_${name} PARTITION OF check_results
      FOR VALUES FROM ('${from.toISOString()}') TO ('${to.toISOString()}')`);
  }
}

/* ---- data of the version before ------------------------------------------------------------------------------ */

async function fill(sql: Sql): Promise<void> {
  await sql`INSERT INTO organizations (id, name) VALUES (${org}, 'Before')`;
  await sql`INSERT INTO shards (id, monitor_count) VALUES (${shard}, 3)`;
  const keyHash = createHash('sha256').update(KEY).digest('base64url');
  await sql`
    INSERT INTO api_keys (id, organization_id, name, prefix, key_hash, scopes)
    VALUES (${idOf('key')}, ${org}, 'ci', 'btk_', ${keyHash}, '["read"]')`;
  await addMonitor(sql, minutely, 60);
  // Results every 5 s until now.
  await addMonitor(sql, slowed, 3_600);
  await addMonitor(sql, daily, 86_400);
  await sql`INSERT INTO status_pages (id, organization_id, name, slug, visibility) VALUES ('stp_1', ${org}, 'P', 'old', 'public')`;
  await sql`
    INSERT INTO page_components (id, page_id, monitor_id, name, position)
    VALUES ('cmp_1', 'stp_1', ${minutely}, 'M', 0), ('cmp_2', 'stp_1', ${daily}, 'D', 1)`;
  await sql`
    INSERT INTO incidents (id, organization_id, monitor_id, title, summary, status, severity, public_status, started_at, trace_id)
    VALUES (${idOf('inc')}, ${org}, ${minutely}, 'It is down', 'x', 'open', 'critical', 'investigating', now(), 't')`;
  await sql`
    INSERT INTO monitor_status_changes (id, monitor_id, status, previous, at)
    VALUES ('evt_1', ${minutely}, 'up', 'down', now())`;

  const late = openHour - 30 * HOUR;
  await sql`
    INSERT INTO channels (id, organization_id, name, type, is_default, enabled, config, secrets_sealed)
    VALUES ('chn_1', ${org}, 'C', 'webhook', false, true, '{}', '')`;
  await addTold(sql, 'told', ['failed', 'delivered', 'delivered'], 'delivered');
  await addTold(sql, 'told nobody', ['dead'], 'dead');
  await addTold(sql, 'telling', [], 'failed');
  await addTold(sql, 'had nobody to tell', [], null);

  for (let hour = 1; hour <= 95 * 24; hour++) {
    const ms = openHour - hour * HOUR;
    if (hour > 1 && ms !== late) await addHour(sql, minutely, { ms, ...minutelyHour(hour) });
    const down = hour % 7 === 0 ? 72 : 0;
    await addHour(sql, slowed, { ms, up: 720 - down, down, unknown: 0, downSeconds: down * 5 });
    const isDown = hour % 240 === 13;
    if (hour % 24 === 13) {
      await addHour(sql, daily, {
        ms,
        up: isDown ? 0 : 1,
        down: isDown ? 1 : 0,
        unknown: 0,
        downSeconds: isDown ? DAY / 1000 : 0,
      });
    }
  }
  // Hours without a current rollup: the open hour, the one before it, and one with late results after its rollup.
  await sql`
    INSERT INTO rollups_hourly (monitor_id, location, hour, up, down, unknown, down_seconds)
    VALUES (${minutely}, '*', ${new Date(late)}, 1, 0, 0, 0)`;
  for (const ms of [late, openHour - HOUR, openHour]) await addDirtyHour(sql, ms);
  underWayMs = Math.floor(Date.now() / 1000) * 1000;
  await addResults(sql, underWayMs, ['success']);
}

/** A resolved incident with lines of its timeline about messages, one a minute, and one notification. */
async function addTold(sql: Sql, title: string, lines: readonly string[], notification: string | null): Promise<void> {
  const id = idOf('inc');
  await sql`
    INSERT INTO incidents (id, organization_id, title, summary, status, severity, public_status, started_at, resolved_at, trace_id)
    VALUES (${id}, ${org}, ${title}, 'x', 'resolved', 'critical', 'resolved', ${new Date(nowMs - DAY)}, now(), 't')`;
  for (const [n, status] of lines.entries()) {
    await sql`
      INSERT INTO incident_timeline (id, incident_id, kind, at, actor_type, actor_name, text, data)
      VALUES (${`${id} ${n}`}, ${id}, 'notification', ${new Date(nowMs - DAY + n * MINUTE)}, 'system', 'B', 'x', ${sql.json({ status })})`;
  }
  if (notification === null) return;
  await sql`
    INSERT INTO notifications (id, organization_id, channel_id, incident_id, type, payload, status, trace_id)
    VALUES (${`dlv ${id}`}, ${org}, 'chn_1', ${id}, 'incident.opened', '{}', ${notification}, 't')`;
}

function minutelyHour(hour: number): Omit<OldHour, 'ms'> {
  if (hour % 50 === 0) return { up: 40, down: 15, unknown: 5, downSeconds: 900 };
  if (hour % 71 === 0) return { up: 0, down: 60, unknown: 0, downSeconds: 3_600 };
  if (hour % 13 === 0) return { up: 20, down: 0, unknown: 40, downSeconds: 0 };
  return { up: 60, down: 0, unknown: 0, downSeconds: 0 };
}

async function addMonitor(sql: Sql, id: string, intervalSeconds: number): Promise<void> {
  await sql`
    INSERT INTO monitors (id, organization_id, shard_id, name, type, config, interval_seconds, timeout_ms, locations, tags, enabled)
    VALUES (${id}, ${org}, ${shard}, 'M', 'http', ${sql.json({ url: 'https://m.example/' })}, ${intervalSeconds}, 1000,
            ${sql.json([...LOCATIONS])}, '[]', true)`;
  await sql`
    INSERT INTO monitor_status (monitor_id, status, edge_status, since, last_check_at, failing)
    VALUES (${id}, 'down', 'down', now() - interval '1 hour', now(), '[{"location": "eu-west"}]')`;
}

async function addHour(sql: Sql, monitorId: string, hour: OldHour): Promise<void> {
  old.set(monitorId, [...(old.get(monitorId) ?? []), hour]);
  await sql`
    INSERT INTO rollups_hourly (monitor_id, location, hour, up, down, unknown, down_seconds, p95_ms)
    VALUES (${monitorId}, '*', ${new Date(hour.ms)}, ${hour.up}, ${hour.down}, ${hour.unknown}, ${hour.downSeconds}, null)`;
}

async function addDirtyHour(sql: Sql, ms: number): Promise<void> {
  const tally = { up: 0, down: 0, unknown: 0 };
  for (let slot = ms, n = 0; slot < Math.min(ms + HOUR, nowMs); slot += MINUTE, n++) {
    const [verdict, outcomes] = ROUNDS[n % ROUNDS.length] ?? ['up', []];
    tally[verdict]++;
    await addResults(sql, slot, outcomes);
  }
  await sql`INSERT INTO dirty_hours (monitor_id, hour) VALUES (${minutely}, ${new Date(ms)})`;
  old.get(minutely)?.push({ ms, ...tally, downSeconds: tally.down * 60 });
}

async function addResults(sql: Sql, slot: number, outcomes: readonly OutcomeKind[]): Promise<void> {
  for (const [n, outcome] of outcomes.entries()) {
    const location = LOCATIONS[n] ?? 'us-east';
    const { id, traceId } = resultAt(minutely, location, new Date(slot));
    await sql`
      INSERT INTO check_results (id, monitor_id, location, scheduled_at, manual, started_at, outcome, reason, attempts, trace_id)
      VALUES (${id}, ${minutely}, ${location}, ${new Date(slot)}, false, ${new Date(slot)}, ${outcome},
              ${outcome === 'success' ? null : 'timeout'}, 1, ${traceId})`;
  }
}

/* ---- what the version before would show, and what is shown now ------------------------------------------------ */

function oldPercent(monitorId: string, fromMs: number, untilMs: number): number | null {
  const hours = (old.get(monitorId) ?? []).filter(({ ms }) => ms >= fromMs && ms < untilMs);
  const sum = (read: (hour: OldHour) => number) => hours.reduce((total, hour) => total + read(hour), 0);
  return uptimePercent({ upSeconds: sum(({ up }) => up), downSeconds: sum(({ down }) => down) });
}

// biome-ignore lint/suspicious/noExplicitAny: answers of several shapes
async function get(path: string): Promise<any> {
  const answer = await app.request(`/api/v1${path}`, { headers: { Authorization: `Bearer ${KEY}` } });
  expect([path, answer.status]).toEqual([path, 200]);
  return answer.json();
}

/**
 * Requires the exact percentage. Only where the interval was changed, the seconds of old rounds are an estimate: 720
 * rounds an hour count 3600 / 719 s each, unless some of them were down.
 */
function requirePercent(monitorId: string, percent: number | null, fromMs: number, untilMs: number): void {
  const expected = oldPercent(monitorId, fromMs, untilMs);
  if (monitorId !== slowed || percent === null || expected === null) expect(percent).toBe(expected);
  else expect(Math.abs(percent - expected)).toBeLessThan(0.02);
}

async function requireOldFigures(): Promise<void> {
  for (const monitorId of [minutely, slowed, daily]) {
    for (const window of ['24h', '7d', '30d', '90d']) {
      const shown = await get(`/monitors/${monitorId}/uptime?window=${window}`);
      const [fromMs, toMs] = [Date.parse(shown.from), Date.parse(shown.to)];
      requirePercent(monitorId, shown.uptimePercent, fromMs, toMs);
      const hours = (old.get(monitorId) ?? []).filter(({ ms }) => ms >= fromMs && ms < toMs);
      const rounds = hours.reduce((sum, { up, down, unknown }) => sum + up + down + unknown, 0);
      expect(shown.upRounds + shown.downRounds + shown.unknownRounds).toBe(rounds);
      for (const { date, uptimePercent: percent, downSeconds } of shown.days) {
        const [startMs, endMs] = [Math.max(Date.parse(date), fromMs), Date.parse(date) + DAY];
        requirePercent(monitorId, percent, startMs, Math.min(endMs, toMs));
        const before = hours.filter(({ ms }) => ms >= startMs && ms < endMs);
        const seconds = before.reduce((sum, hour) => sum + hour.downSeconds, 0);
        expect(Math.abs(downSeconds - seconds)).toBeLessThanOrEqual(seconds * 0.002);
      }
    }
  }
}

test('uptime is what it was: in every window, every day, and on status pages', async () => {
  await requireOldFigures();
  const page = await buildSnapshot(core.ctx, 'old');
  const from = Math.floor(nowMs / DAY) * DAY - 89 * DAY;
  expect(page?.components.map(({ uptimePercent: percent }) => percent)).toEqual([
    oldPercent(minutely, from, nowMs),
    oldPercent(daily, from, nowMs),
  ]);
  const { data } = await get('/monitors');
  expect(data.find((one: { id: string }) => one.id === minutely)).toMatchObject({
    status: 'down',
    uptime24h: oldPercent(minutely, openHour - DAY, nowMs),
    openIncidentId: expect.any(String),
  });
});

test('incidents say whom they have reached', async () => {
  const { data } = await get('/incidents?status=resolved');
  const reach = data.map((incident: { title: string; reach: object }) => [incident.title, incident.reach]);
  expect(Object.fromEntries(reach)).toEqual({
    told: { status: 'reached', at: new Date(nowMs - DAY + MINUTE).toISOString(), reason: null },
    'told nobody': { status: 'nobody', at: null, reason: 'all_failed' },
    telling: { status: 'pending', at: null, reason: null },
    'had nobody to tell': { status: 'nobody', at: null, reason: 'no_channel' },
  });
});

test('nobody is given more time than there was', async () => {
  const { upSeconds, downSeconds } = await get(`/monitors/${slowed}/uptime?window=7d`);
  expect((upSeconds + downSeconds) / (7 * 24 * 3_600)).toBeCloseTo(1, 1);
});

test('hours that were not counted yet have their verdicts, and a round under way has none yet', async () => {
  const { data } = await get(
    `/monitors/${minutely}/rounds?to=${new Date(openHour - HOUR + 6 * MINUTE).toISOString()}&limit=7`,
  );
  const verdicts = data.toReversed().map(({ status, failing, excluded, cause }: Record<string, unknown>) => ({
    status,
    failing: (failing as { location: string }[]).map(({ location }) => location),
    excluded,
    cause,
  }));
  expect(verdicts).toEqual([
    { status: 'up', failing: [], excluded: [], cause: undefined },
    { status: 'degraded', failing: ['eu-west'], excluded: [], cause: undefined },
    { status: 'down', failing: ['ap-southeast', 'us-east'], excluded: [], cause: undefined },
    { status: 'up', failing: [], excluded: ['us-east'], cause: undefined },
    { status: 'unknown', failing: [], excluded: ['ap-southeast', 'eu-west', 'us-east'], cause: 'no_votes' },
    { status: 'down', failing: ['eu-west', 'us-east'], excluded: ['ap-southeast'], cause: undefined },
    { status: 'unknown', failing: ['us-east'], excluded: ['ap-southeast', 'eu-west'], cause: 'no_votes' },
  ]);
  const { data: underWay } = await get(`/monitors/${minutely}/rounds?from=${new Date(underWayMs).toISOString()}`);
  expect(underWay).toEqual([]);
});

test('it goes on: hours are rolled up to the same, late results erase nothing, new verdicts are counted', async () => {
  while ((await rollUpDirtyHours(core.ctx)) > 0);
  await requireOldFigures();

  const ingest = createIngest(core.ctx);
  const oldHour = new Date(openHour - 40 * HOUR);
  await ingest.handle([completed(resultAt(minutely, 'eu-west', oldHour, { outcome: 'failure' }))]);
  await requireOldFigures();
  while ((await rollUpDirtyHours(core.ctx)) > 0);
  await requireOldFigures();

  // That of 24 hours stays the same for a while.
  const before = await get(`/monitors/${minutely}/uptime?window=7d`);
  await ingest.handle([
    completed(resultAt(minutely, 'eu-west', new Date(underWayMs))),
    roundEvent(minutely, 'up', new Date(underWayMs), { intervalSeconds: 60 }),
  ]);
  const after = await get(`/monitors/${minutely}/uptime?window=7d`);
  expect(after.upRounds).toBe(before.upRounds + 1);
  expect((await get(`/monitors/${minutely}/rounds?limit=1`)).data).toMatchObject([
    { scheduledAt: new Date(underWayMs).toISOString(), status: 'up' },
  ]);
});
