import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import type { CoreContext } from '#core/context.ts';
import { ProblemError } from '#core/platform/problem-error.ts';
import { channels } from '#db/schema.ts';
import { type channelCreateSchema, channelSchema } from '#domain/api/alerting.ts';
import type { RowProblem } from '#domain/api/row-problem.ts';
import { readTolerantly } from '../read-tolerantly.ts';
import type { RequestReader } from '../request-context.ts';

export type ChannelRow = typeof channels.$inferSelect;
export type ChannelInput = z.output<typeof channelCreateSchema>;

/**
 * Content of `channels.secrets_sealed`; core/notify opens it with the same context. Here and below the form only is
 * validated, because stricter rules of later versions must not make a stored channel unreadable.
 */
const secretsSchema = z.object({ secret: z.string().min(1), headers: z.record(z.string(), z.string()) });
const kindSchema = channelSchema.shape.type;
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

/** A stored channel. What cannot be read of it is empty, and named in `problem`. */
export interface StoredChannel {
  readonly channel: Omit<ChannelInput, 'config'> & { readonly config: { readonly url: string } & ChannelSecrets };
  readonly problem: RowProblem | undefined;
}

export function readChannel(ctx: Pick<CoreContext, 'secrets'>, row: ChannelRow): StoredChannel {
  const { value: channel, problem } = readTolerantly((part) => {
    const type = part('type', 'kind_unknown', () => kindSchema.parse(row.type), 'webhook');
    const { url } = part('config.url', 'config_unreadable', () => configSchema.parse(row.config), { url: '' });
    const secrets = part('config.secret', 'secret_unreadable', () => openSecrets(ctx, row), {
      secret: '',
      headers: {},
    });
    return { name: row.name, type, default: row.isDefault, enabled: row.enabled, config: { url, ...secrets } };
  });
  return { channel, problem };
}

/** Throws when the secrets cannot be read. */
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
