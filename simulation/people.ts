import { randomBytes } from 'node:crypto';
import type { CoreContext } from '#core/context.ts';
import { createAlertRule } from '#core/services/alert-rules/create.ts';
import { deleteAlertRule } from '#core/services/alert-rules/delete.ts';
import { updateAlertRule } from '#core/services/alert-rules/update.ts';
import { createChannel } from '#core/services/channels/create.ts';
import { updateChannel } from '#core/services/channels/update.ts';
import { changeIncident } from '#core/services/incidents/change.ts';
import { createIncident } from '#core/services/incidents/create.ts';
import { checkMonitor } from '#core/services/monitors/check.ts';
import { createMonitor } from '#core/services/monitors/create.ts';
import { deleteMonitor } from '#core/services/monitors/delete.ts';
import { pauseMonitor } from '#core/services/monitors/pause.ts';
import { resumeMonitor } from '#core/services/monitors/resume.ts';
import { updateMonitor } from '#core/services/monitors/update.ts';
import type { RequestContext } from '#core/services/request-context.ts';
import { createStatusPage } from '#core/services/status-pages/create.ts';
import { updateStatusPage } from '#core/services/status-pages/update.ts';
import { organizations } from '#db/schema.ts';
import { alertRuleCreateSchema, channelCreateSchema } from '#domain/api/alerting.ts';
import { monitorCreateSchema } from '#domain/api/monitor.ts';
import { statusPageCreateSchema } from '#domain/api/status-page.ts';
import { newId } from '#domain/base/id.ts';
import { LOCATION_IDS, type LocationId } from '#domain/check/location.ts';
import type { IncidentChange } from '#domain/incident/incident.ts';
import type { Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import type { MoodyReceiver } from './receiver.ts';

/** Something that a person does through the services behind the API. */
export interface Action {
  readonly what: string;
  perform(): Promise<unknown>;
  /** Records the action in the ledger; false when `succeeded` is not what the ledger expects. */
  record(ledger: Ledger, succeeded: boolean): boolean;
  /** The action that undoes this one. It may follow before the edge hears of either. */
  readonly regret?: Action | null;
}

/** An organisation, and one of its members. */
export interface Tenant {
  readonly ctx: RequestContext;
  readonly organizationId: string;
  readonly page: string;
  /** Slugs that the page moves between. */
  readonly slugs: readonly string[];
}

/** Enough hosts for an organization to find a location dark. */
const MONITORS_PER_TENANT = 6;
const INTERVALS_SECONDS = [30, 60, 120];

/** Creates an organisation with monitors, a default channel, a channel that only rules name, and a page. */
export async function foundTenant(
  core: CoreContext,
  name: string,
  world: { ledger: Ledger; random: Random; receiver: MoodyReceiver },
): Promise<Tenant> {
  const { ledger, random, receiver } = world;
  const organizationId = newId('org', core.clock.now().getTime(), core.clock.random(10));
  await core.db.insert(organizations).values({ id: organizationId, name });
  const ctx: RequestContext = {
    ...core,
    caller: {
      organizationId,
      actor: { type: 'user', id: `usr_${name}`, name },
      scopes: new Set(['read', 'write']),
      installationOwner: false,
      credential: { type: 'session', id: 'ses_simulation' },
    },
    traceId: '0'.repeat(32),
    ip: '127.0.0.1',
  };
  for (const isDefault of [true, false]) await addChannel(ctx, `${name}-${isDefault}`, isDefault, { ledger, receiver });
  const monitorIds: string[] = [];
  for (let count = 0; count < MONITORS_PER_TENANT; count++) {
    const id = await addMonitor(ctx, random);
    ledger.addMonitor(id, organizationId);
    monitorIds.push(id);
  }
  const components = monitorIds.map((monitorId, index) => ({ name: `Component ${index}`, monitorId }));
  const slugs = [name, `${name}-status`];
  const page = await createStatusPage(ctx, statusPageCreateSchema.parse({ name, slug: name, components }));
  return { ctx, organizationId, page: page.object.id, slugs };
}

async function addChannel(
  ctx: RequestContext,
  path: string,
  isDefault: boolean,
  { ledger, receiver }: { ledger: Ledger; receiver: MoodyReceiver },
): Promise<void> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const config = { url: receiver.urlOf(path), secret };
  const input = channelCreateSchema.parse({ name: path, type: 'webhook', default: isDefault, config });
  const { id } = (await createChannel(ctx, input)).object;
  receiver.expect(path, id, secret);
  ledger.channels.set(id, { organizationId: ctx.caller.organizationId, isDefault, enabled: true, wasOff: false });
}

async function addMonitor(ctx: RequestContext, random: Random): Promise<string> {
  const locations = drawLocations(random);
  const number = random.int(1, 99);
  const input = monitorCreateSchema.parse({
    name: `Monitor ${number}`,
    type: 'http',
    config: { url: `https://target-${number}.example/` },
    intervalSeconds: random.pick(INTERVALS_SECONDS),
    locations,
    confirm: random.chance(0.3) ? { quorum: random.int(1, locations.length) } : {},
  });
  return (await createMonitor(ctx, input)).object.id;
}

function drawLocations(random: Random): LocationId[] {
  const locations = LOCATION_IDS.filter(() => random.chance(0.7));
  return locations.length === 0 ? [random.pick(LOCATION_IDS)] : locations;
}

const ACTIONS = {
  incident: { draw: changeAnIncident, weight: 14 },
  ownIncident: { draw: openAnIncident, weight: 1 },
  toggle: { draw: toggleAMonitor, weight: 6 },
  edit: { draw: editAMonitor, weight: 4 },
  checkNow: { draw: checkAMonitor, weight: 3 },
  deletion: { draw: deleteAMonitor, weight: 0.7 },
  addition: { draw: addAMonitor, weight: 0.7 },
  newRule: { draw: addARule, weight: 2 },
  ruleChange: { draw: changeARule, weight: 2 },
  ruleEnd: { draw: deleteARule, weight: 1.5 },
  channel: { draw: switchAChannel, weight: 1.5 },
  page: { draw: moveThePage, weight: 0.7 },
} as const;

/** What an action is drawn from. */
interface Scene {
  readonly tenant: Tenant;
  readonly ledger: Ledger;
  readonly random: Random;
  /** Monitors with an event on its way to the core: actions on these race with the event. */
  readonly busy: ReadonlySet<string>;
}

/** Chance that an action picks a busy monitor where there is one. */
const BUSY_CHANCE = 0.7;

type Draw = (scene: Scene) => Action | null;

/** Draws the next action of an organisation; null when there is no object for it. */
export function drawAction(scene: Scene): Action | null {
  const { random } = scene;
  const weights = Object.fromEntries(Object.entries(ACTIONS).map(([kind, { weight }]) => [kind, weight]));
  const kind = random.weighted(weights as Record<keyof typeof ACTIONS, number>);
  const draw: Draw = ACTIONS[kind].draw;
  return draw(scene);
}

/* ---- incidents ------------------------------------------------------------------------------------------ */

function changeAnIncident(scene: Scene): Action | null {
  const { tenant, ledger, random } = scene;
  const own = [...ledger.incidents].filter(([, { organizationId }]) => organizationId === tenant.organizationId);
  if (own.length === 0) return null;
  // The newest incidents are those that are still open.
  const [key] = random.pick(own.slice(-3));
  const change = random.pick<IncidentChange>([
    { type: 'acknowledge' },
    { type: 'resolve' },
    { type: 'reopen' },
    { type: 'note', text: 'Looking.' },
    { type: 'update', status: random.pick(['investigating', 'identified', 'monitoring']), body: 'We are on it.' },
  ]);
  return {
    what: `${change.type} ${key}`,
    async perform() {
      const [row] = await tenant.ctx.sql<{ id: string }[]>`SELECT id FROM incidents WHERE ${key} IN (alert_id, id)`;
      await changeIncident(tenant.ctx, row?.id ?? 'inc_none', change);
    },
    record: (book, succeeded) => book.changeIncident(key, change) === succeeded,
  };
}

function openAnIncident(scene: Scene): Action | null {
  const { tenant, ledger, random } = scene;
  const { organizationId } = tenant;
  const monitorId = random.pick([null, ...monitorsOf(tenant, ledger)]);
  let id = '';
  return {
    what: 'open an incident',
    async perform() {
      id = (await createIncident(tenant.ctx, { title: 'Seen', severity: 'minor', summary: '', monitorId })).id;
    },
    record(book, succeeded) {
      if (succeeded) book.openIncident(id, { organizationId, monitorId, ruleId: null });
      return succeeded;
    },
  };
}

/* ---- monitors ------------------------------------------------------------------------------------------- */

function toggleAMonitor(scene: Scene): Action | null {
  const { tenant, random } = scene;
  const id = pickMonitor(scene);
  if (id === null) return null;
  const pause = toggle('pause', tenant, id);
  const resume = toggle('resume', tenant, id);
  return random.chance(0.5) ? { ...pause, regret: resume } : { ...resume, regret: pause };
}

function toggle(verb: 'pause' | 'resume', { ctx }: Tenant, id: string): Action {
  return {
    what: `${verb} ${id}`,
    perform: () => (verb === 'pause' ? pauseMonitor(ctx, id) : resumeMonitor(ctx, id)),
    record: (book, succeeded) => book.monitors.has(id) === succeeded,
  };
}

/** Changes how a monitor is checked or judged, while rounds of the old way are under way. */
function editAMonitor(scene: Scene): Action | null {
  const { tenant, random } = scene;
  const id = pickMonitor(scene);
  if (id === null) return null;
  const patch = random.pick<Record<string, unknown>>([
    { name: `Monitor ${random.int(1, 99)}` },
    { confirm: { quorum: 1 } },
    { confirm: { quorum: null } },
    { intervalSeconds: random.pick(INTERVALS_SECONDS) },
    { timeoutMs: random.pick([1_000, 5_000, 10_000]) },
    { locations: drawLocations(random) },
    { config: { url: `https://target.example/${random.int(1, 9)}` } },
    { config: { assertions: [{ source: 'status', compare: 'lt', value: random.int(300, 500) }] } },
  ]);
  let refused = false;
  return {
    what: `change ${id}: ${JSON.stringify(patch)}`,
    async perform() {
      try {
        await updateMonitor(tenant.ctx, id, patch);
      } catch (error) {
        // The new locations are fewer than the monitor's quorum.
        refused = (error as { code?: unknown }).code === 'validation_failed';
        if (!refused) throw error;
      }
    },
    record: (book, succeeded) => refused || book.monitors.has(id) === succeeded,
  };
}

function checkAMonitor(scene: Scene): Action | null {
  const { tenant } = scene;
  const id = pickMonitor(scene);
  if (id === null) return null;
  // The core refuses it while the monitor is paused, which the ledger does not know.
  return { what: `check ${id}`, perform: () => checkMonitor(tenant.ctx, id), record: () => true };
}

function deleteAMonitor(scene: Scene): Action | null {
  const { tenant, ledger } = scene;
  const id = pickMonitor(scene);
  if (id === null || monitorsOf(tenant, ledger).length < MONITORS_PER_TENANT) return null;
  return {
    what: `delete ${id}`,
    perform: () => deleteMonitor(tenant.ctx, id),
    record: (book, succeeded) => book.deleteMonitor(id) === succeeded,
  };
}

function addAMonitor({ tenant, random }: Scene): Action | null {
  const { organizationId } = tenant;
  let id = '';
  return {
    what: 'add a monitor',
    async perform() {
      id = await addMonitor(tenant.ctx, random);
    },
    record(book, succeeded) {
      book.addMonitor(id, organizationId);
      return succeeded;
    },
  };
}

function pickMonitor({ tenant, ledger, random, busy }: Scene): string | null {
  const own = monitorsOf(tenant, ledger);
  const ownBusy = own.filter((id) => busy.has(id));
  const list = ownBusy.length > 0 && random.chance(BUSY_CHANCE) ? ownBusy : own;
  return list.length === 0 ? null : random.pick(list);
}

function monitorsOf(tenant: Tenant, ledger: Ledger): string[] {
  return [...ledger.monitors]
    .filter(([, { organizationId }]) => organizationId === tenant.organizationId)
    .map(([id]) => id);
}

/* ---- rules and channels --------------------------------------------------------------------------------- */

function addARule(scene: Scene): Action | null {
  const { tenant, random } = scene;
  const monitorId = pickMonitor(scene);
  if (monitorId === null) return null;
  const input = alertRuleCreateSchema.parse({
    name: 'Own',
    monitorId,
    condition: { type: 'consecutiveFailures', count: random.int(1, 2) },
    severity: random.pick(['critical', 'minor']),
    recoveryCount: random.int(1, 2),
    ...drawRecipients(scene),
  });
  let id = '';
  return {
    what: `add a rule to ${input.monitorId}`,
    async perform() {
      id = (await createAlertRule(tenant.ctx, input)).object.id;
    },
    record(book, succeeded) {
      book.rules.set(id, { organizationId: tenant.organizationId, ...input });
      return succeeded;
    },
  };
}

function changeARule(scene: Scene): Action | null {
  const { tenant } = scene;
  return onARule(scene, (id) => {
    const patch = drawRecipients(scene);
    return {
      what: `change ${id}`,
      perform: () => updateAlertRule(tenant.ctx, id, patch),
      record(book, succeeded) {
        const rule = book.rules.get(id);
        if (rule !== undefined) book.rules.set(id, { ...rule, ...patch });
        return succeeded === (rule !== undefined);
      },
    };
  });
}

function deleteARule(scene: Scene): Action | null {
  const { tenant } = scene;
  return onARule(scene, (id) => ({
    what: `delete ${id}`,
    perform: () => deleteAlertRule(tenant.ctx, id),
    record: (book, succeeded) => book.rules.delete(id) === succeeded,
  }));
}

function onARule({ tenant, ledger, random }: Scene, act: (id: string) => Action): Action | null {
  const own = [...ledger.rules].filter(([, rule]) => rule.organizationId === tenant.organizationId);
  return own.length === 0 ? null : act(random.pick(own)[0]);
}

function drawRecipients({ tenant, ledger, random }: Scene) {
  const own = channelsOf(tenant, ledger);
  return {
    channelIds: random.chance(0.5) ? null : own.filter(() => random.chance(0.6)),
    notifyOnRecovery: random.chance(0.7),
  };
}

/** Notifications that wait for a channel are dropped when it is switched off, and recorded as dropped. */
function switchAChannel({ tenant, ledger, random }: Scene): Action | null {
  const id = random.pick(channelsOf(tenant, ledger));
  const enabled = random.chance(0.6);
  return {
    what: `switch ${id} ${enabled ? 'on' : 'off'}`,
    perform: () => updateChannel(tenant.ctx, id, { enabled }),
    record(book, succeeded) {
      const channel = book.channels.get(id);
      if (channel === undefined) return false;
      channel.enabled = enabled;
      channel.wasOff ||= !enabled;
      return succeeded;
    },
  };
}

function channelsOf(tenant: Tenant, ledger: Ledger): string[] {
  return [...ledger.channels]
    .filter(([, { organizationId }]) => organizationId === tenant.organizationId)
    .map(([id]) => id);
}

/* ---- pages ---------------------------------------------------------------------------------------------- */

function moveThePage({ tenant, random }: Scene): Action | null {
  const slug = random.pick(tenant.slugs);
  return {
    what: `move the page to ${slug}`,
    perform: () => updateStatusPage(tenant.ctx, tenant.page, { slug }),
    record: (_, succeeded) => succeeded,
  };
}
