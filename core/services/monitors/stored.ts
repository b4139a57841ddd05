import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import type { CoreContext } from '#core/context.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import { monitors } from '#db/schema.ts';
import { type MonitorCreate, monitorCreateSchema } from '#domain/api/monitor.ts';
import type { RowProblem } from '#domain/api/row-problem.ts';
import { isAsciiHeaderValue } from '#domain/base/header-syntax.ts';
import { isJsonObject } from '#domain/base/json-object.ts';
import { LOCATION_IDS } from '#domain/check/location.ts';
import { httpConfigSchema, locationsSchema, tagsSchema } from '#domain/check/monitor.ts';
import { leadsElsewhere } from '../leads-elsewhere.ts';
import { mergePatch } from '../merge-patch.ts';
import { isLost, type PartReader, readTolerantly } from '../read-tolerantly.ts';
import type { RequestReader } from '../request-context.ts';
import { invalid, validated } from '../validated.ts';

export type MonitorRow = typeof monitors.$inferSelect;
/** A monitor without its place in a shard, which it has from its creation's last moment on. */
export type PlacelessMonitor = Omit<MonitorRow, 'shardId'>;

const authSchema = httpConfigSchema.shape.auth.unwrap();
const configSchema = httpConfigSchema.omit({ auth: true });
const typeSchema = z.enum(['http']);

/** A monitor of the caller's organisation; throws not_found. `lock` locks the row for a change. */
export async function findMonitor(ctx: RequestReader, id: string, lock = false): Promise<MonitorRow> {
  const query = ctx.db
    .select()
    .from(monitors)
    .where(and(eq(monitors.id, id), eq(monitors.organizationId, ctx.caller.organizationId)));
  const [row] = lock ? await query.for('update') : await query;
  if (row === undefined) throw new ProblemError('not_found');
  return row;
}

/** Stands in for a URL that cannot be read; it is shown and validated, and never stored or checked. */
const NO_CONFIG = configSchema.parse({ url: 'https://unreadable.invalid/' });

/** A stored monitor as written, with its secret. Stand-ins of what cannot be read are named in `problem`. */
export interface StoredMonitor {
  readonly monitor: MonitorCreate;
  readonly problem: RowProblem | undefined;
}

export function readMonitor(ctx: Pick<CoreContext, 'secrets'>, row: PlacelessMonitor): StoredMonitor {
  const { value: monitor, problem } = readTolerantly((part) => {
    const type = part('type', 'kind_unknown', () => typeSchema.parse(row.type), 'http');
    const config = readConfig(part, row.config);
    const auth = part('config.auth', 'secret_unreadable', () => openAuth(ctx, row), undefined);
    return {
      name: row.name,
      type,
      config: { ...config, ...(auth === undefined ? {} : { auth }) },
      intervalSeconds: row.intervalSeconds,
      timeoutMs: row.timeoutMs,
      locations: part('locations', 'value_unreadable', () => locationsSchema.parse(row.locations), []),
      tags: part('tags', 'value_unreadable', () => tagsSchema.parse(row.tags), []),
      enabled: row.enabled,
      confirm: { quorum: row.quorum },
    };
  });
  return { monitor, problem };
}

/** The configuration with defaults of newer members. Each member that the current schema refuses has a stand-in. */
function readConfig(part: PartReader, stored: unknown): typeof NO_CONFIG {
  const whole = configSchema.safeParse(stored);
  if (whole.success) return whole.data;
  if (!isJsonObject(stored)) return part('config', 'config_unreadable', () => configSchema.parse(stored), NO_CONFIG);
  const shape: Readonly<Record<string, z.ZodType>> = configSchema.shape;
  for (const name of Object.keys(stored)) {
    if (!(name in shape)) part(`config.${name}`, 'config_unreadable', () => configSchema.parse(stored), undefined);
  }
  const standIns = new Map<string, unknown>(Object.entries(NO_CONFIG));
  const read = Object.entries(shape).map(([name, schema]) => [
    name,
    part(`config.${name}`, 'config_unreadable', () => schema.parse(stored[name]), standIns.get(name)),
  ]);
  return configSchema.parse(Object.fromEntries(read));
}

function openAuth(ctx: Pick<CoreContext, 'secrets'>, row: PlacelessMonitor): MonitorCreate['config']['auth'] {
  if (row.authSealed === null) return undefined;
  return authSchema.parse(JSON.parse(ctx.secrets.open(row.authSealed, sealOf(row.id))));
}

/** The columns of a written monitor; `config.auth` is sealed for this monitor only. */
export function monitorColumns(ctx: Pick<CoreContext, 'secrets'>, id: string, input: MonitorCreate) {
  const { auth, ...config } = input.config;
  return {
    name: input.name,
    type: input.type,
    config,
    authSealed: auth === undefined ? null : ctx.secrets.seal(JSON.stringify(auth), sealOf(id)),
    intervalSeconds: input.intervalSeconds,
    timeoutMs: input.timeoutMs,
    locations: input.locations,
    tags: input.tags,
    enabled: input.enabled,
    quorum: input.confirm.quorum ?? null,
  };
}

/** The context to which a monitor's secret is bound; core/publish opens it with the same one. */
function sealOf(monitorId: string): string {
  return `monitor:${monitorId}`;
}

/**
 * Applies a merge patch. A secret that the patch leaves out is kept, but not for another kind of authentication or
 * another host: a user with `write` must not be able to have it sent to a server of their own. A patch of the
 * configuration has to give what of it cannot be read.
 */
export function patchedMonitor({ monitor, problem }: StoredMonitor, patch: Record<string, unknown>): MonitorCreate {
  const given = isJsonObject(patch.config) ? patch.config : {};
  const base = { ...monitor, ...(isLost(problem, 'locations') ? { locations: [...LOCATION_IDS] } : {}) };
  if ('config' in patch) requireLostMembers(problem, given);
  const { auth } = given;
  const replaced = isJsonObject(auth) && auth.type !== undefined && auth.type !== monitor.config.auth?.type;
  const patched = validated(
    monitorCreateSchema,
    mergePatch(replaced ? { ...base, config: { ...base.config, auth: {} } } : base, patch),
  );
  const elsewhere = leadsElsewhere(monitor.config.url, patched.config.url);
  if (elsewhere && isLost(problem, 'config.auth') && !('auth' in given)) {
    throw invalid('config.auth', 'give it again, or null: the URL leads to another host');
  }
  const secret = patched.config.auth?.type === 'basic' ? 'password' : 'token';
  const kept = patched.config.auth !== undefined && !(isJsonObject(auth) && secret in auth);
  if (kept && elsewhere) throw invalid(`config.auth.${secret}`, 'give it again: the URL leads to another host');
  return patched;
}

function requireLostMembers(problem: RowProblem | undefined, given: Readonly<Record<string, unknown>>): void {
  const missing = Object.keys(configSchema.shape).find((name) => isLost(problem, `config.${name}`) && !(name in given));
  const lostUrl = isLost(problem, 'config') && !('url' in given) ? 'url' : undefined;
  const name = missing ?? lostUrl;
  if (name !== undefined) throw invalid(`config.${name}`, 'give it again: the stored one cannot be read');
}

/** The columns of a changed monitor: without those that cannot be read, unless the patch gives them. */
export function changedColumns(
  ctx: Pick<CoreContext, 'secrets'>,
  id: string,
  input: MonitorCreate,
  { problem }: StoredMonitor,
  patch: Record<string, unknown>,
): Partial<ReturnType<typeof monitorColumns>> {
  const { type, config, authSealed, locations, tags, ...rest } = monitorColumns(ctx, id, input);
  const lost = (path: string) => isLost(problem, path);
  const configLost = problem?.paths.some((path) => /^config(?:$|\.(?!auth$))/.test(path)) ?? false;
  return {
    ...rest,
    ...(lost('type') && !('type' in patch) ? {} : { type }),
    ...(configLost && !('config' in patch) ? {} : { config }),
    ...(lost('config.auth') && !(isJsonObject(patch.config) && 'auth' in patch.config) ? {} : { authSealed }),
    ...(lost('locations') && !('locations' in patch) ? {} : { locations }),
    ...(lost('tags') && !('tags' in patch) ? {} : { tags }),
  };
}

/** Rules beyond the shape: features that the locations of this version support, and a quorum that can be reached. */
export function requirePossible(input: Pick<MonitorCreate, 'config' | 'locations' | 'confirm'>): void {
  if (!input.config.verifyTls) {
    throw notSupported('config.verifyTls', 'Edge locations always verify certificates; false is not available.');
  }
  if (input.config.ipVersion !== 'any') {
    throw notSupported('config.ipVersion', 'Edge locations choose the IP version themselves; only "any" is available.');
  }
  for (const [name, value] of Object.entries(input.config.headers)) {
    if (!isAsciiHeaderValue(value)) {
      throw notSupported(
        `config.headers.${name}`,
        'Edge locations send ASCII only: letters like é would change on the way.',
      );
    }
  }
  const tls = input.config.assertions.findIndex((assertion) => assertion.source === 'tls');
  if (tls !== -1) {
    throw notSupported(`config.assertions.${tls}`, 'Edge locations do not see certificates; use another source.');
  }
  const { quorum } = input.confirm;
  if (typeof quorum === 'number' && quorum > input.locations.length) {
    throw invalid('confirm.quorum', `cannot be reached: the monitor has ${input.locations.length} locations`);
  }
}

function notSupported(path: string, message: string): ProblemError {
  return new ProblemError('not_supported', message, { errors: [{ path, message }] });
}
