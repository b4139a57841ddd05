import { and, eq } from 'drizzle-orm';
import type { z } from 'zod';
import type { CoreContext } from '#core/context.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import { monitors } from '#db/schema.ts';
import { type MonitorCreate, monitorCreateSchema } from '#domain/api/monitor.ts';
import { isAsciiHeaderValue } from '#domain/base/header-syntax.ts';
import { isJsonObject } from '#domain/base/json-object.ts';
import { httpConfigSchema, locationsSchema } from '#domain/check/monitor.ts';
import { leadsElsewhere } from '../leads-elsewhere.ts';
import { mergePatch } from '../merge-patch.ts';
import type { RequestReader } from '../request-context.ts';
import { invalid, validated } from '../validated.ts';

export type MonitorRow = typeof monitors.$inferSelect;
/** A monitor without its place in a shard, which it has from its creation's last moment on. */
export type PlacelessMonitor = Omit<MonitorRow, 'shardId'>;

const authSchema = httpConfigSchema.shape.auth.unwrap();
const configSchema = httpConfigSchema.omit({ auth: true });

/** A monitor of the caller's organisation; throws not_found. `lock` holds it for a change. */
export async function findMonitor(ctx: RequestReader, id: string, lock = false): Promise<MonitorRow> {
  const query = ctx.db
    .select()
    .from(monitors)
    .where(and(eq(monitors.id, id), eq(monitors.organizationId, ctx.caller.organizationId)));
  const [row] = lock ? await query.for('update') : await query;
  if (row === undefined) throw new ProblemError('not_found');
  return row;
}

/**
 * The whole monitor as it was written, with its secret: what a merge patch is applied to. A member that today's
 * schema refuses is as it is stored; who relies on the schema asks it once more.
 */
export function storedMonitor(ctx: Pick<CoreContext, 'secrets'>, row: PlacelessMonitor): MonitorCreate {
  const auth =
    row.authSealed === null
      ? undefined
      : asStored(authSchema, JSON.parse(ctx.secrets.open(row.authSealed, sealOf(row.id))));
  return {
    name: row.name,
    type: row.type,
    config: { ...asStored(configSchema, row.config), ...(auth === undefined ? {} : { auth }) },
    intervalSeconds: row.intervalSeconds,
    timeoutMs: row.timeoutMs,
    locations: asStored(locationsSchema, row.locations),
    tags: row.tags,
    enabled: row.enabled,
    confirm: { quorum: row.quorum },
  };
}

/**
 * With the defaults of members that came later; or, when the schema has become stricter since, as it is: one old
 * monitor must not keep a list, or a whole shard, from being read.
 */
function asStored<T>(schema: z.ZodType<T>, stored: unknown): T {
  const parsed = schema.safeParse(stored);
  return parsed.success ? parsed.data : (stored as T);
}

/** The columns a written monitor fills; `config.auth` is sealed for this monitor only. */
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

/** What a secret of a monitor is bound to; core/publish opens it with the same words. */
function sealOf(monitorId: string): string {
  return `monitor:${monitorId}`;
}

/**
 * A merge patch applied. A secret that the patch leaves out is kept, but carried neither into another kind of
 * authentication nor to another host: who may write must not be able to have it sent to themselves.
 */
export function patchedMonitor(stored: MonitorCreate, patch: Record<string, unknown>): MonitorCreate {
  const auth = isJsonObject(patch.config) ? patch.config.auth : undefined;
  const replaced = isJsonObject(auth) && auth.type !== undefined && auth.type !== stored.config.auth?.type;
  const base = replaced ? { ...stored, config: { ...stored.config, auth: {} } } : stored;
  const patched = validated(monitorCreateSchema, mergePatch(base, patch));
  const secret = patched.config.auth?.type === 'basic' ? 'password' : 'token';
  const kept = patched.config.auth !== undefined && !(isJsonObject(auth) && secret in auth);
  if (kept && leadsElsewhere(stored.config.url, patched.config.url)) {
    throw invalid(`config.auth.${secret}`, 'give it again: the URL leads to another host');
  }
  return patched;
}

/** Rules beyond the shape: what the locations of this version can do, and a quorum that can be reached. */
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
