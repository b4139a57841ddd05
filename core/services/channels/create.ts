import type { z } from 'zod';
import { ProblemError } from '#core/platform/problem-error.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { channels } from '#db/schema.ts';
import type { channelCreatedSchema } from '#domain/api/alerting.ts';
import { authorize } from '../authorize.ts';
import type { Revised } from '../expected-revision.ts';
import { newId } from '../new-id.ts';
import { requireQuota } from '../quota.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { presentOne } from './present.ts';
import { requireWholeUrl } from './shown-url.ts';
import { type ChannelInput, channelColumns } from './stored.ts';
import { requireSendable } from './webhook-headers.ts';

/** Standard Webhooks asks for 24 to 64 bytes. */
const SECRET_BYTES = 32;

/** Creates a channel. Only this answer contains the signing secret, given or generated. */
export async function createChannel(
  ctx: RequestContext,
  input: ChannelInput,
): Promise<Revised<z.infer<typeof channelCreatedSchema>>> {
  authorize(ctx, 'write');
  requireWholeUrl(input.config.url);
  const { headers } = input.config;
  requireSendable(headers);
  const secret = input.config.secret ?? `whsec_${Buffer.from(ctx.clock.random(SECRET_BYTES)).toString('base64')}`;
  const now = ctx.clock.now();
  const id = newId(ctx, 'chn');
  return inUnit(ctx, async (ctx) => {
    await requireQuota(ctx, 'channels');
    const [row] = await ctx.db
      .insert(channels)
      .values({
        id,
        organizationId: ctx.caller.organizationId,
        ...channelColumns(ctx, id, input, { secret, headers }),
        ...(input.enabled ? {} : { disabledAt: now, disabledReason: 'by_hand' as const }),
        createdAt: now,
        updatedAt: now,
      })
      .returning();
    if (row === undefined) throw new ProblemError('internal');
    const shown = await presentOne(ctx, row);
    await recordAudit(ctx, { action: 'channel.create', targetType: 'channel', targetId: id, after: shown });
    return { object: { ...shown, config: { ...shown.config, secret } }, revision: row.revision };
  });
}
