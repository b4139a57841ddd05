import { eq, type SQL, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { z } from 'zod';
import { channels, monitors } from '#db/schema.ts';
import {
  alertRuleSchema,
  channelSchema,
  deliverySchema,
  incidentDetailSchema,
  incidentSchema,
} from '#domain/api/alerting.ts';
import { auditEntrySchema } from '#domain/api/audit-log.ts';
import { listOf } from '#domain/api/common.ts';
import { monitorSchema } from '#domain/api/monitor-answers.ts';
import { statusPageSchema } from '#domain/api/status-page.ts';
import { CHANNEL, createSamples, MONITOR, type SampleObjects } from '#tests/core/sample-objects.ts';
import { type Browser, startTestApp, type TestApp } from '#tests/core/test-app.ts';
import { createTestDatabase } from '#tests/database.ts';

/** One bad row among good ones: a list shows both, says what is wrong with the bad one, and it can be repaired. */

let app: TestApp;
let ada: Browser;
let bad: SampleObjects;
let round = 0;
beforeAll(async () => {
  app = await startTestApp(await createTestDatabase());
  ada = await app.signUp('ada@example.com');
  await createSamples(app, ada, 'good');
});
afterAll(() => app.close());
beforeEach(async () => {
  bad = await createSamples(app, ada, `bad-${++round}`);
});

const call = (method: string, path: string, body?: object) =>
  ada.request(method, `/api/v1${path}`, body === undefined ? {} : { body });
const damage = (statement: SQL) => app.ctx.db.execute(statement);

const NOUNS: Record<string, z.ZodType> = {
  monitors: monitorSchema,
  channels: channelSchema,
  'alert-rules': alertRuleSchema,
  'status-pages': statusPageSchema,
  incidents: incidentSchema,
  'audit-log': auditEntrySchema,
};

/** The items of a list, which are what the dashboard's schemas promise. */
async function listed(noun: string): Promise<{ id: string; problem?: { code: string; paths: string[] } }[]> {
  const answer = await call('GET', `/${noun}?limit=200`);
  expect([noun, answer.status]).toEqual([noun, 200]);
  listOf(NOUNS[noun] ?? monitorSchema).parse(answer.body);
  return answer.body.data;
}

const monitor = (set: SQL) => () => sql`UPDATE monitors SET ${set} WHERE id = ${bad.monitor}`;
const channel = (set: SQL) => () => sql`UPDATE channels SET ${set} WHERE id = ${bad.channel}`;
const rule = (set: SQL) => () => sql`UPDATE alert_rules SET ${set} WHERE id = ${bad.alertRule}`;
const incident = (set: SQL) => () => sql`UPDATE incidents SET ${set} WHERE id = ${bad.incident}`;
const page = (set: SQL) => () => sql`UPDATE status_pages SET ${set} WHERE id = ${bad.statusPage}`;
const audit = (set: SQL) => () => sql`UPDATE audit_log SET ${set} WHERE target_id = ${bad.monitor}`;

const DAMAGES: readonly (readonly [noun: string, code: string, path: string, statement: () => SQL])[] = [
  ['monitors', 'secret_unreadable', 'config.auth', monitor(sql`auth_sealed = 'nonsense'`)],
  [
    'monitors',
    'secret_unreadable',
    'config.auth',
    monitor(sql`auth_sealed = 'v1.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA'`),
  ],
  ['monitors', 'config_unreadable', 'config', monitor(sql`config = '"gone"'`)],
  ['monitors', 'config_unreadable', 'config', monitor(sql`config = '[1]'`)],
  ['monitors', 'config_unreadable', 'config.url', monitor(sql`config = '{}'`)],
  [
    'monitors',
    'config_unreadable',
    'config.url',
    monitor(sql`config = jsonb_set(config, '{url}', '"https://a:b@c.example/"')`),
  ],
  [
    'monitors',
    'config_unreadable',
    'config.assertions',
    monitor(sql`config = jsonb_set(config, '{assertions}', '[{"source": "moon"}]')`),
  ],
  ['monitors', 'config_unreadable', 'config.newer', monitor(sql`config = config || '{"newer": 1}'`)],
  ['monitors', 'kind_unknown', 'type', monitor(sql`type = 'carrier'`)],
  ['monitors', 'value_unreadable', 'locations', monitor(sql`locations = '["moon"]'`)],
  ['monitors', 'value_unreadable', 'locations', monitor(sql`locations = '7'`)],
  ['monitors', 'value_unreadable', 'tags', monitor(sql`tags = '{"a": 1}'`)],
  ['channels', 'secret_unreadable', 'config.secret', channel(sql`secrets_sealed = 'nonsense'`)],
  ['channels', 'secret_unreadable', 'config.secret', channel(sql`secrets_sealed = ''`)],
  ['channels', 'config_unreadable', 'config.url', channel(sql`config = '[]'`)],
  ['channels', 'kind_unknown', 'type', channel(sql`type = 'pigeon'`)],
  ['alert-rules', 'rule_unreadable', 'condition', rule(sql`condition = '{"type": "guess"}'`)],
  ['alert-rules', 'rule_unreadable', 'condition', rule(sql`condition = 'null'`)],
  ['alert-rules', 'rule_unreadable', 'severity', rule(sql`severity = 'loud'`)],
  ['alert-rules', 'rule_unreadable', 'channelIds', rule(sql`channel_ids = '"all"'`)],
  ['status-pages', 'value_unreadable', 'visibility', page(sql`visibility = 'friends'`)],
  ['incidents', 'value_unreadable', 'status', incident(sql`status = 'odd'`)],
  ['incidents', 'value_unreadable', 'severity', incident(sql`severity = 'loud'`)],
  ['incidents', 'value_unreadable', 'publicStatus', incident(sql`public_status = 'odd'`)],
  ['incidents', 'value_unreadable', 'reach', incident(sql`unreached_reason = 'odd'`)],
  ['audit-log', 'kind_unknown', 'actor.type', audit(sql`actor_type = 'ghost'`)],
];

test.each(DAMAGES)(
  'a list of %s shows a row with %s (%s) among the others, marked',
  async (noun, code, path, statement) => {
    const before = await listed(noun);
    await damage(statement());
    const after = await listed(noun);
    expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    const marked = after.filter(({ problem }) => problem !== undefined).map(({ problem }) => problem);
    expect(marked).toContainEqual({ code, message: expect.any(String), paths: expect.arrayContaining([path]) });
    const [id] = after.filter(({ problem }) => problem?.paths.includes(path) === true).map((one) => one.id);
    if (noun === 'audit-log') return;
    const alone = await call('GET', `/${noun}/${id}`);
    expect([alone.status, alone.body.problem?.code]).toEqual([200, code]);
    // Every other list works too, as audit entries and incidents show such objects.
    for (const other of Object.keys(NOUNS)) await listed(other);
    if (noun === 'incidents') return;
    if (noun === 'channels') await call('PATCH', `/alert-rules/${bad.alertRule}`, { channelIds: null });
    expect((await call('DELETE', `/${noun}/${id}`)).status).toBe(204);
  },
);

test('the stories of an incident and the deliveries of a channel show a line that cannot be read', async () => {
  await call('POST', `/channels/${bad.channel}/test`);
  await damage(
    sql`UPDATE incident_timeline SET kind = 'song', data = '[1]', actor_type = 'ghost' WHERE incident_id = ${bad.incident}`,
  );
  await damage(sql`UPDATE notifications SET type = 'song', status = 'odd' WHERE channel_id = ${bad.channel}`);
  const { body: story } = await call('GET', `/incidents/${bad.incident}`);
  expect(incidentDetailSchema.parse(story).timeline[0]?.problem?.paths).toEqual(['kind', 'actor.type', 'data']);
  const { body: log } = await call('GET', `/channels/${bad.channel}/deliveries`);
  expect(listOf(deliverySchema).parse(log).data[0]?.problem?.paths).toEqual(['type', 'status']);
  expect((await call('GET', `/channels/${bad.channel}`)).body.lastDelivery).toBe(null);
});

test('a channel with an unreadable secret can be renamed and switched off, and is repaired by a new secret', async () => {
  await damage(sql`UPDATE channels SET secrets_sealed = 'nonsense' WHERE id = ${bad.channel}`);
  const path = `/channels/${bad.channel}`;
  const sealed = async () =>
    (await app.ctx.db.select().from(channels).where(eq(channels.id, bad.channel)))[0]?.secretsSealed;
  const renamed = await call('PATCH', path, { name: 'Still odd', enabled: false });
  expect(renamed.body).toMatchObject({ name: 'Still odd', enabled: false, problem: { code: 'secret_unreadable' } });
  expect(await sealed()).toBe('nonsense');
  const moved = await call('PATCH', path, { config: { url: 'https://hooks.example.com/next' } });
  expect([moved.status, moved.body.errors?.[0].path]).toEqual([422, 'config.secret']);
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const repaired = await call('PATCH', path, { config: { secret, headers: { 'X-Team': 'a' } } });
  expect([repaired.status, repaired.body.problem, repaired.body.config]).toEqual([
    200,
    undefined,
    { ...CHANNEL.config, headers: { 'X-Team': '••••••••' } },
  ]);
});

test('a channel whose URL cannot be read is repaired by a URL, with its header values given again', async () => {
  const config = { ...CHANNEL.config, headers: { 'X-Key': 'open-sesame' } };
  const { id } = (await call('POST', '/channels', { ...CHANNEL, config })).body;
  await damage(sql`UPDATE channels SET config = '7' WHERE id = ${id}`);
  expect((await call('PATCH', `/channels/${id}`, { name: 'Still odd' })).status).toBe(200);
  const url = 'https://hooks.example.com/';
  expect((await call('PATCH', `/channels/${id}`, { config: { headers: {} } })).body.errors?.[0].path).toBe(
    'config.url',
  );
  expect((await call('PATCH', `/channels/${id}`, { config: { url } })).body.errors?.[0].path).toBe(
    'config.headers.X-Key',
  );
  const repaired = await call('PATCH', `/channels/${id}`, { config: { url, headers: { 'X-Key': 'other' } } });
  expect([repaired.status, repaired.body.problem, repaired.body.config.url]).toEqual([200, undefined, url]);
});

test('a monitor that cannot be read can be paused, keeps what is stored, and is repaired by what is missing', async () => {
  const path = `/monitors/${bad.monitor}`;
  const stored = async () => (await app.ctx.db.select().from(monitors).where(eq(monitors.id, bad.monitor)))[0];
  await damage(
    sql`UPDATE monitors SET config = '{"url": 7, "method": "HEAD"}', auth_sealed = 'nonsense' WHERE id = ${bad.monitor}`,
  );
  expect((await call('POST', `${path}/pause`)).body).toMatchObject({ enabled: false, config: { method: 'HEAD' } });
  expect(await stored()).toMatchObject({ config: { url: 7, method: 'HEAD' }, authSealed: 'nonsense' });
  expect((await call('PATCH', path, { config: { method: 'GET' } })).body.errors?.[0].path).toBe('config.url');
  const { url } = MONITOR.config;
  expect((await call('PATCH', path, { config: { url } })).body.errors?.[0].path).toBe('config.auth');
  const half = await call('PATCH', path, { config: { url, auth: null } });
  expect([half.status, half.body.problem, half.body.config]).toMatchObject([200, undefined, { url, method: 'HEAD' }]);
  await damage(sql`UPDATE monitors SET locations = '7' WHERE id = ${bad.monitor}`);
  expect((await call('PATCH', path, { name: 'Renamed' })).body).toMatchObject({ locations: [], name: 'Renamed' });
  expect((await stored())?.locations).toBe(7);
  const whole = await call('PATCH', path, { locations: ['eu-west'] });
  expect([whole.body.problem, whole.body.locations.length]).toEqual([undefined, 1]);
});

test('an alert rule that cannot be read is repaired by what is missing', async () => {
  const path = `/alert-rules/${bad.alertRule}`;
  await damage(
    sql`UPDATE alert_rules SET condition = '{"type": "guess"}', channel_ids = '7' WHERE id = ${bad.alertRule}`,
  );
  expect((await call('PATCH', path, { name: 'Still odd' })).body.problem.paths).toEqual(['condition', 'channelIds']);
  const condition = { type: 'consecutiveFailures', count: 3 };
  expect((await call('PATCH', path, { condition: { count: 3 } })).status).toBe(422);
  expect((await call('PATCH', path, { condition })).body.problem.paths).toEqual(['channelIds']);
  const repaired = await call('PATCH', path, { channelIds: [bad.channel] });
  expect(repaired.body).toMatchObject({ condition, channelIds: [bad.channel] });
  expect(repaired.body.problem).toBeUndefined();
});

test('an incident with an unreadable status is repaired by resolving it', async () => {
  await damage(sql`UPDATE incidents SET status = 'odd', public_status = 'odd' WHERE id = ${bad.incident}`);
  const resolved = await call('POST', `/incidents/${bad.incident}/resolve`);
  expect([resolved.body.status, resolved.body.problem]).toEqual(['resolved', undefined]);
});

const bytes = (count: number) => Buffer.alloc(count, 0xa5).toString('base64');
test.each([
  ['23 bytes', `whsec_${bytes(23)}`],
  ['65 bytes', `whsec_${bytes(65)}`],
  ['no padding', `whsec_${bytes(32).replace('=', '')}`],
  ['too much padding', `whsec_${bytes(24)}==`],
  ['a length that no bytes have', `whsec_${bytes(30)}A`],
  ['bits behind the last byte', `whsec_${bytes(31).replace(/.==$/, 'R==')}`],
  ['bits behind the last byte but one', `whsec_${bytes(32).replace(/.=$/, 'V=')}`],
  ['the alphabet of URLs', `whsec_${bytes(30).replace(/^../, '-_')}`],
  ['a line break', `whsec_${bytes(30)}\n`],
  ['no prefix', bytes(30)],
  ['another prefix', `WHSEC_${bytes(30)}`],
  ['nothing', ''],
])('a secret with %s, which common libraries cannot decode, is refused', async (_, secret) => {
  const created = await call('POST', '/channels', { ...CHANNEL, config: { ...CHANNEL.config, secret } });
  expect([created.status, created.body.errors?.[0].path]).toEqual([422, 'config.secret']);
  const changed = await call('PATCH', `/channels/${bad.channel}`, { config: { secret } });
  expect([changed.status, changed.body.errors?.[0].path]).toEqual([422, 'config.secret']);
});

test.each([24, 31, 32, 33, 64])('a secret of %i bytes in base64 is taken', async (count) => {
  const config = { ...CHANNEL.config, secret: `whsec_${bytes(count)}` };
  expect((await call('POST', '/channels', { ...CHANNEL, config })).body.config.secret).toBe(config.secret);
});

test('a channel with a secret of a version before is shown and changed without giving another', async () => {
  const old = { secret: `whsec_${bytes(25).replace(/=+$/, '')}`, headers: {} };
  const sealed = app.ctx.secrets.seal(JSON.stringify(old), `channel:${bad.channel}`);
  await damage(sql`UPDATE channels SET secrets_sealed = ${sealed} WHERE id = ${bad.channel}`);
  const changed = await call('PATCH', `/channels/${bad.channel}`, { config: { headers: { 'X-Team': 'a' } } });
  expect([changed.status, changed.body.problem]).toEqual([200, undefined]);
});

test('a channel says when it was switched off by hand, and forgets it when it is on again', async () => {
  const path = `/channels/${bad.channel}`;
  await damage(sql`UPDATE channels SET failing_since = now(), last_error = 'timeout' WHERE id = ${bad.channel}`);
  const off = (await call('PATCH', path, { enabled: false })).body;
  expect(off).toMatchObject({ disabledAt: expect.any(String), disabledReason: 'by_hand', lastError: 'timeout' });
  await damage(sql`UPDATE channels SET disabled_reason = 'gone' WHERE id = ${bad.channel}`);
  expect((await call('PATCH', path, { name: 'Off' })).body).toMatchObject({
    disabledAt: off.disabledAt,
    disabledReason: 'gone',
  });
  const on = (await call('PATCH', path, { enabled: true })).body;
  expect(on).toMatchObject({
    enabled: true,
    disabledAt: null,
    disabledReason: null,
    failingSince: null,
    lastError: null,
  });
});

test('deleting the channel that an incident was waiting for leaves an incident that reached nobody', async () => {
  await damage(sql`UPDATE channels SET enabled = id = ${bad.channel}`);
  const { id, reach } = (await call('POST', '/incidents', { title: 'Alone' })).body;
  expect(reach).toEqual({ status: 'pending', at: null, reason: null });
  expect((await call('DELETE', `/channels/${bad.channel}`)).status).toBe(204);
  const { body } = await call('GET', `/incidents/${id}`);
  expect(body.reach).toEqual({ status: 'nobody', at: null, reason: 'channel_deleted' });
  expect(body.timeline.at(-1).text).toBe('It reached nobody: the channel that was to be told was deleted.');
});
