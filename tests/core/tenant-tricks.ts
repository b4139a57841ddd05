import { createIncidents } from '#core/incidents/consumer.ts';
import { createIngest } from '#core/ingest/consumer.ts';
import { LOCATION_IDS } from '#domain/check/location.ts';
import type { SampleObjects } from './sample-objects.ts';
import { CHANNEL, MONITOR } from './sample-objects.ts';
import type { Answer, Browser, TestApp } from './test-app.ts';
import { alertEvent, completed, resultAt, roundEvent } from './test-core.ts';

/** Requests and events by which one organisation, the attacker, tries to affect another one, the victim. */
export interface Attack {
  readonly app: TestApp;
  readonly attacker: Browser;
  readonly attackerObjects: SampleObjects;
  readonly victimObjects: SampleObjects;
  readonly victimEmail: string;
  readonly victimSlug: string;
  /** The body and `Idempotency-Key` of a POST /channels that the victim has sent. */
  readonly victimRequest: { readonly key: string; readonly body: object };
}

/** `size` is from 0 to 9. A trick answers what the attacker was answered. */
type Trick = (attack: Attack, size: number) => Promise<readonly Answer[]>;

const API = '/api/v1';
const CONDITION = { type: 'consecutiveFailures', count: 1 };
const OVERSIZE_BYTES = 2 * 1024 * 1024;
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

const post = ({ attacker }: Attack, path: string, body: unknown) => attacker.request('POST', `${API}${path}`, { body });

export const TRICKS = {
  /** Names the victim's objects in bodies that are valid otherwise. Throws when one is taken. */
  async references(attack) {
    const { monitor, channel, component, statusPage } = attack.victimObjects;
    const own = attack.attackerObjects;
    const published = { pages: [{ pageId: statusPage, componentIds: [component] }] };
    const page = `/status-pages/${own.statusPage}`;
    const requests = [
      ['POST', '/incidents', { title: 'x', monitorId: monitor }],
      ['POST', '/incidents', { title: 'x', ...published }],
      ['PUT', `/incidents/${own.incident}/pages`, published],
      ['POST', '/alert-rules', { name: 'x', monitorId: monitor, condition: CONDITION }],
      ['POST', '/alert-rules', { name: 'x', monitorId: own.monitor, condition: CONDITION, channelIds: [channel] }],
      ['PATCH', `/alert-rules/${own.alertRule}`, { channelIds: [channel] }],
      ['PATCH', `/alert-rules/${own.alertRule}`, { monitorId: monitor }],
      ['PATCH', page, { components: [{ name: 'x', monitorId: monitor }] }],
      ['PATCH', page, { components: [{ name: 'x', id: component }] }],
      ['PATCH', page, { slug: attack.victimSlug }],
      ['POST', `${page}/components`, { name: 'x', monitorId: monitor }],
      ['POST', '/status-pages', { name: 'x', slug: attack.victimSlug, components: [] }],
    ] as const;
    const answers = await inOrder(requests, ([method, path, body]) =>
      attack.attacker.request(method, `${API}${path}`, { body }),
    );
    const taken = requests.filter((_, n) => (answers[n]?.status ?? 0) < 400);
    if (taken.length > 0) throw new Error(`references to another organisation were taken: ${JSON.stringify(taken)}`);
    return answers;
  },

  /** Monitors and tests whose patterns, paths and schemas are expensive to validate. */
  async expensiveAssertions(attack, size) {
    const pattern = (n: number) => ({ source: 'body', compare: 'notMatches', value: `[a-z]{55}${n}` });
    const path = { source: 'json', compare: 'exists', property: `$[?${'('.repeat(45)}@.a${')'.repeat(45)}]` };
    const schema = { allOf: times(38, () => ({ $ref: '#' })) };
    const lists = [
      times(50, pattern),
      times(50, () => path),
      times(5 * (size + 1), () => ({ source: 'json', property: '$', compare: 'schema', value: schema })),
      times(50, (n) => ({ source: 'body', compare: 'notMatches', value: `(?:\\pL?){115}\\d{${n}}` })),
    ];
    return inOrder(lists, (assertions) => {
      const config = { ...MONITOR.config, assertions };
      return post(attack, '/monitors/test', { type: 'http', config });
    });
  },

  async oversizeBodies(attack, size) {
    const rawBody = `{"name":"${'x'.repeat(OVERSIZE_BYTES)}"}`;
    const nested = '['.repeat(100_000);
    const paths = ['/monitors', '/channels', '/incidents'];
    return Promise.all([
      ...times(size + 1, (n) => attack.attacker.request('POST', `${API}${paths[n % paths.length]}`, { rawBody })),
      attack.attacker.request('POST', `${API}/monitors`, { rawBody: nested }),
    ]);
  },

  async manyObjects(attack, size) {
    const monitors = times(size + 1, () => post(attack, '/monitors', { ...MONITOR, tags: times(50, (n) => `t${n}`) }));
    const channels = times(size, (n) => post(attack, '/channels', { ...CHANNEL, name: `Channel ${n}` }));
    const keys = times(size, (n) => post(attack, '/api-keys', { name: `Key ${n}`, scopes: ['admin'] }));
    return Promise.all([...monitors, ...channels, ...keys]);
  },

  /** Failures, verdicts and alerts of all of the attacker's monitors, as the edge sends them. */
  async failingMonitors({ app, attacker }, size) {
    const list = await attacker.request('GET', `${API}/monitors?limit=200`);
    const ids = (list.body.data as { id: string }[]).map(({ id }) => id);
    const at = new Date(Math.floor(app.ctx.clock.now().getTime() / 1000) * 1000);
    const failure = { outcome: 'failure', reason: 'assertion_unevaluable', statusCode: 200 } as const;
    const locations = LOCATION_IDS.slice(0, (size % LOCATION_IDS.length) + 1);
    await createIngest(app.ctx).handle(
      ids.flatMap((id) => [
        ...locations.map((location) => completed(resultAt(id, location, at, failure))),
        roundEvent(id, 'down', at),
      ]),
    );
    await createIncidents(app.ctx).handle(ids.map((id) => alertEvent(id, 'firing', at)));
    return [list];
  },

  /** Wrong passwords for the victim's account, and a second account with its e-mail. */
  async wrongSignIns({ attacker, victimEmail }, size) {
    const body = { email: victimEmail, password: 'a wrong guess of a password' };
    // These are refused before a password is hashed, and still use up what one address may try.
    const malformed = await inOrder(times(40, String), () =>
      attacker.request('POST', `${API}/auth/login`, { body: {} }),
    );
    return [
      ...malformed,
      ...(await Promise.all(times((size % 3) + 1, () => attacker.request('POST', `${API}/auth/login`, { body })))),
      await attacker.request('POST', `${API}/auth/register`, { body: { ...body, name: 'Victim' } }),
    ];
  },

  /** The victim's own POST with its key, whose stored answer has a secret. */
  async idempotencyKeys({ attacker, victimRequest: { key, body } }) {
    return [await attacker.request('POST', `${API}/channels`, { body, headers: { 'Idempotency-Key': key } })];
  },

  /** Cursors and filters that name the victim's objects. */
  async listQueries({ attacker, victimObjects }) {
    const { monitor, incident, channel } = victimObjects;
    const cursor = (id: string) => Buffer.from(id).toString('base64url');
    const paths = [
      `/monitors?cursor=${cursor(monitor)}`,
      `/incidents?cursor=${cursor(incident)}`,
      `/incidents?monitorId=${monitor}`,
      `/alert-rules?monitorId=${monitor}`,
      `/channels?cursor=${cursor(channel)}`,
      '/monitors?q=e&limit=200',
      '/audit-log?limit=200',
    ];
    return inOrder(paths, (path) => attacker.request('GET', `${API}${path}`));
  },
} as const satisfies Record<string, Trick>;

async function inOrder<T>(items: readonly T[], send: (item: T) => Promise<Answer>): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const item of items) answers.push(await send(item));
  return answers;
}
