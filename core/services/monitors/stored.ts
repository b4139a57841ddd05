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

/**
 * The complete monitor as written, with its secret, to which a merge patch is applied. A member that the current schema
 * refuses is returned as stored; callers that depend on the schema validate again.
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
 * The stored value with the defaults of newer members or, when the current schema refuses it, unchanged: one old
 * monitor must not make a list, or a whole shard, unreadable.
 */
function asStored<T>(schema: z.ZodType<T>, stored: unknown): T {
  const parsed = schema.safeParse(stored);
  return parsed.success ? parsed.data : (stored as T);
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
 * another host: a user with `write` must not be able to have it sent to a server of their own.
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
