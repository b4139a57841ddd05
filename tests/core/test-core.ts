import { createHash, randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import pino from 'pino';
import { type ComposeOptions, createContext } from '#core/compose.ts';
import { readConfig } from '#core/config.ts';
import type { CoreContext, EdgeClient } from '#core/context.ts';
import { EdgeUnavailable } from '#core/edge-client.ts';
import type { Keys } from '#core/platform/keys.ts';
import { channelColumns } from '#core/services/channels/stored.ts';
import { monitorColumns } from '#core/services/monitors/stored.ts';
import { channels, monitorStatus, monitors, organizations, pageComponents, shards, statusPages } from '#db/schema.ts';
import { derivedId, newId } from '#domain/base/id.ts';
import { LOCATION_IDS, type LocationId } from '#domain/check/location.ts';
import { type CheckResult, resultId, roundTraceId } from '#domain/check/result.ts';
import type { PageSnapshot } from '#domain/page/snapshot.ts';
import type { AlertTriggeredEvent, Assignment, MonitorStatusEvent, RoundJudgedEvent } from '#domain/wire/wire.ts';

/** The core's parts with their own database. The edge is a double that records what it receives. */
export interface TestCore {
  readonly ctx: CoreContext;
  readonly edge: TestEdge;
  readonly keys: Keys;
  readonly organizationId: string;
  readonly shardId: string;
  /** Moves the core's clock; the database's clock stays. */
  advance(ms: number): void;
  addMonitor(changes?: {
    name?: string;
    quorum?: number;
    locations?: LocationId[];
    intervalSeconds?: number;
    enabled?: boolean;
  }): Promise<string>;
  addChannel(url: string, changes?: { enabled?: boolean; default?: boolean }): Promise<{ id: string; secret: string }>;
  addPage(slug: string, monitorIds: readonly string[]): Promise<string>;
  /** Signs a service token as the edge does. */
  edgeToken(request: { method: string; path: string; body: string | Uint8Array }, claims?: object): Promise<string>;
  close(): Promise<void>;
}

export interface TestEdge extends EdgeClient {
  readonly assignments: Assignment[];
  readonly pages: PageSnapshot[];
  readonly removed: string[];
  /** While true, every call fails as if the edge were down. */
  away: boolean;
}

/**
 * Starts a core on `database`, an empty one of the caller's (tests/database.ts). Closing the core drops the database.
 */
export async function startTestCore(
  database: { readonly url: string; drop(): Promise<void> },
  environment: Record<string, string> = {},
  options: Pick<ComposeOptions, 'connections'> = {},
): Promise<TestCore> {
  const config = readConfig({ ...environment, DATABASE_URL: database.url }, { oneMachine: true });
  const core = await generateKeyPair('EdDSA', { extractable: true });
  const edgePair = await generateKeyPair('EdDSA', { extractable: true });
  const keys = {
    corePrivate: await exportJWK(core.privateKey),
    edgePublic: await exportJWK(edgePair.publicKey),
    secrets: randomBytes(32),
    session: randomBytes(32),
  };
  let offsetMs = 0;
  const clock = { now: () => new Date(Date.now() + offsetMs), random: (bytes: number) => randomBytes(bytes) };
  const context = await createContext(config, { ...options, logger: pino({ level: 'silent' }), keys, clock });
  const edge = createTestEdge();
  const ctx: CoreContext = { ...context, edge };

  const organizationId = newId('org', Date.now(), randomBytes(10));
  const shardId = newId('shd', Date.now(), randomBytes(10));
  await ctx.db.insert(organizations).values({ id: organizationId, name: 'Test' });
  await ctx.db.insert(shards).values({ id: shardId });

  return {
    ctx,
    edge,
    keys,
    organizationId,
    shardId,
    advance(ms) {
      offsetMs += ms;
    },
    async addMonitor(changes = {}) {
      const id = newId('mon', Date.now(), randomBytes(10));
      const { quorum, ...rest } = changes;
      const columns = monitorColumns(ctx, id, {
        name: 'api.example',
        type: 'http',
        config: {
          url: 'https://api.example/',
          method: 'GET',
          headers: {},
          auth: { type: 'bearer', token: 'hidden' },
          followRedirects: true,
          maxRedirects: 10,
          verifyTls: true,
          ipVersion: 'any',
          bodyBytesMax: 1024,
          assertions: [],
        },
        intervalSeconds: 5,
        timeoutMs: 1000,
        locations: [...LOCATION_IDS],
        tags: [],
        enabled: true,
        ...rest,
        confirm: { quorum },
      });
      await ctx.db.insert(monitors).values({ id, organizationId, shardId, ...columns });
      await ctx.db.insert(monitorStatus).values({ monitorId: id, status: 'pending' });
      return id;
    },
    async addChannel(url, changes = {}) {
      const id = newId('chn', Date.now(), randomBytes(10));
      const secret = `whsec_${randomBytes(32).toString('base64')}`;
      const input = {
        name: 'On call',
        type: 'webhook' as const,
        default: true,
        enabled: true,
        config: { url, headers: {} },
        ...changes,
      };
      await ctx.db
        .insert(channels)
        .values({ id, organizationId, ...channelColumns(ctx, id, input, { secret, headers: { 'x-team': 'ops' } }) });
      return { id, secret };
    },
    async addPage(slug, monitorIds) {
      const id = newId('stp', Date.now(), randomBytes(10));
      await ctx.db
        .insert(statusPages)
        .values({ id, organizationId, name: slug, slug, visibility: 'public', publishedAt: new Date() });
      for (const [position, monitorId] of monitorIds.entries()) {
        const component = newId('cmp', Date.now(), randomBytes(10));
        await ctx.db
          .insert(pageComponents)
          .values({ id: component, pageId: id, monitorId, name: `Component ${position}`, position });
      }
      return id;
    },
    async edgeToken(request, claims = {}) {
      const now = Math.floor(Date.now() / 1000);
      const bod = createHash('sha256').update(request.body).digest('base64url');
      const payload = {
        iss: 'blacktide-edge',
        aud: 'blacktide-core',
        iat: now,
        exp: now + 60,
        jti: randomBytes(16).toString('base64url'),
        req: `${request.method} ${request.path}`,
        bod,
        ...claims,
      };
      return new SignJWT(payload).setProtectedHeader({ alg: 'EdDSA' }).sign(edgePair.privateKey);
    },
    async close() {
      await context.close();
      await database.drop();
    },
  };
}

function createTestEdge(): TestEdge {
  const answers = () => {
    if (edge.away) throw new EdgeUnavailable('The edge is away.');
  };
  const edge: TestEdge = {
    assignments: [],
    pages: [],
    removed: [],
    away: false,
    async putAssignment(_shard, body) {
      answers();
      edge.assignments.push(body as Assignment);
    },
    async putPage(_slug, body) {
      answers();
      edge.pages.push(body as PageSnapshot);
    },
    async deletePage(slug) {
      answers();
      edge.removed.push(slug);
    },
    async checkNow() {
      answers();
      return { scheduledAt: new Date().toISOString() };
    },
    async test() {
      answers();
      return { outcomes: [] };
    },
  };
  return edge;
}

/** A result as the edge sends it. */
export function resultAt(
  monitorId: string,
  location: LocationId,
  scheduledAt: Date,
  changes: Partial<CheckResult> = {},
): CheckResult {
  const manual = changes.manual ?? false;
  return {
    id: resultId(monitorId, location, scheduledAt.getTime(), manual),
    monitorId,
    location,
    colo: null,
    scheduledAt: scheduledAt.toISOString(),
    startedAt: scheduledAt.toISOString(),
    outcome: 'success',
    responseTimeMs: 20,
    statusCode: 200,
    attempts: 1,
    manual,
    traceId: roundTraceId(monitorId, scheduledAt.getTime(), manual),
    ...changes,
  };
}

export const completed = (result: CheckResult) => ({ v: 1, kind: 'check.completed', result }) as const;

/** A verdict as the edge sends it. */
export function roundEvent(
  monitorId: string,
  status: RoundJudgedEvent['status'],
  scheduledAt: Date,
  changes: Partial<RoundJudgedEvent> = {},
): RoundJudgedEvent {
  return {
    v: 1,
    kind: 'round.judged',
    id: derivedId('evt', scheduledAt.getTime(), monitorId, 'round'),
    monitorId,
    scheduledAt: scheduledAt.toISOString(),
    at: new Date(scheduledAt.getTime() + 100).toISOString(),
    status,
    failing: status === 'down' || status === 'degraded' ? [{ location: 'eu-west', reason: 'timeout' }] : [],
    excluded: [],
    ...(status === 'unknown' ? { cause: 'missed' } : {}),
    intervalSeconds: 5,
    traceId: roundTraceId(monitorId, scheduledAt.getTime(), false),
    ...changes,
  };
}

export function statusEvent(
  monitorId: string,
  status: MonitorStatusEvent['status'],
  previous: MonitorStatusEvent['status'],
  at: Date,
): MonitorStatusEvent {
  return {
    v: 1,
    kind: 'monitor.status',
    id: derivedId('evt', at.getTime(), monitorId, status),
    monitorId,
    status,
    previous,
    scheduledAt: at.toISOString(),
    at: at.toISOString(),
    failing: status === 'down' ? [{ location: 'eu-west', reason: 'connection_refused' }] : [],
    traceId: roundTraceId(monitorId, at.getTime(), false),
  };
}

export function alertEvent(
  monitorId: string,
  to: 'firing' | 'resolved',
  firedAt: Date,
  changes: Partial<AlertTriggeredEvent> = {},
): AlertTriggeredEvent {
  const alertId = derivedId('alr', firedAt.getTime(), monitorId, 'rul_default');
  return {
    v: 1,
    kind: 'alert.triggered',
    id: derivedId('evt', firedAt.getTime(), alertId, to),
    alertId,
    ruleId: 'rul_default',
    monitorId,
    to,
    severity: 'critical',
    scheduledAt: firedAt.toISOString(),
    at: new Date().toISOString(),
    summary: to === 'firing' ? '4 of 6 locations failed: connection refused' : 'All 6 locations are up',
    cause: 'observed',
    failing: to === 'firing' ? [{ location: 'eu-west', reason: 'connection_refused' }] : [],
    traceId: roundTraceId(monitorId, firedAt.getTime(), false),
    ...changes,
  };
}
