import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import type { CoreContext } from '#core/context.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import { channels } from '#db/schema.ts';
import { type channelCreateSchema, webhookConfigSchema } from '#domain/api/alerting.ts';
import type { RequestReader } from '../request-context.ts';

export type ChannelRow = typeof channels.$inferSelect;
export type ChannelInput = z.output<typeof channelCreateSchema>;

/** Content of `channels.secrets_sealed`; core/notify opens it with the same context. */
const secretsSchema = webhookConfigSchema.pick({ secret: true, headers: true }).required();
/** Validates the form only, because stricter rules of later versions must not make a stored channel unreadable. */
const configSchema = z.object({ url: z.string() });
export type ChannelSecrets = z.output<typeof secretsSchema>;

/** A channel of the caller's organisation; throws not_found. `lock` locks the row for a change. */
export async function findChannel(ctx: RequestReader, id: string, lock = false): Promise<ChannelRow> {
  const query = ctx.db
    .select()
    .from(channels)
    .where(and(eq(channels.id, id), eq(channels.organizationId, ctx.caller.organizationId)));
  const [row] = lock ? await query.for('update') : await query;
  if (row === undefined) throw new ProblemError('not_found');
  return row;
}

/** The complete channel as written, with its secrets, to which a merge patch is applied. */
export function storedChannel(ctx: Pick<CoreContext, 'secrets'>, row: ChannelRow): ChannelInput {
  return {
    name: row.name,
    type: row.type,
    default: row.isDefault,
    enabled: row.enabled,
    config: { ...configSchema.parse(row.config), ...openSecrets(ctx, row) },
  };
}

export function openSecrets(ctx: Pick<CoreContext, 'secrets'>, row: ChannelRow): ChannelSecrets {
  return secretsSchema.parse(JSON.parse(ctx.secrets.open(row.secretsSealed, `channel:${row.id}`)));
}

/** The columns of a written channel. Secret and header values are sealed for this channel only. */
export function channelColumns(
  ctx: Pick<CoreContext, 'secrets'>,
  id: string,
  input: ChannelInput,
  secrets: ChannelSecrets,
) {
  return {
    name: input.name,
    type: input.type,
    isDefault: input.default,
    enabled: input.enabled,
    config: configSchema.parse({ url: input.config.url }),
    secretsSealed: ctx.secrets.seal(JSON.stringify(secrets), `channel:${id}`),
  };
}
