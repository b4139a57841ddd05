import { eq, sql } from 'drizzle-orm';
import { ProblemError } from '#core/platform/problem-error.ts';
import { inUnit } from '#core/unit-of-work.ts';
import { channels } from '#db/schema.ts';
import { type Channel, channelCreateSchema } from '#domain/api/alerting.ts';
import { isJsonObject } from '#domain/base/json-object.ts';
import { authorize } from '../authorize.ts';
import { type Revised, requireRevision } from '../expected-revision.ts';
import { leadsElsewhere } from '../leads-elsewhere.ts';
import { mergePatch } from '../merge-patch.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { invalid, validated } from '../validated.ts';
import { HIDDEN, presentOne } from './present.ts';
import { channelColumns, findChannel, openSecrets, storedChannel } from './stored.ts';
import { requireSendable } from './webhook-headers.ts';

/** Applies a merge patch. A secret that is left out, and header values sent back hidden, are kept. */
export async function updateChannel(
  ctx: RequestContext,
  id: string,
  patch: Record<string, unknown>,
  ifMatch?: string,
): Promise<Revised<Channel>> {
  authorize(ctx, 'write');
  return inUnit(ctx, async (ctx) => {
    const before = await findChannel(ctx, id, true);
    requireRevision(ifMatch, before.revision);
    const held = openSecrets(ctx, before);
    const input = validated(channelCreateSchema, mergePatch(storedChannel(ctx, before), patch));
    const headers = keepHidden(input.config.headers, held.headers);
    if (leadsElsewhere(storedChannel(ctx, before).config.url, input.config.url)) requireGivenAgain(headers, patch);
    requireSendable(headers);
    const secrets = { secret: input.config.secret ?? held.secret, headers };
    const [row] = await ctx.db
      .update(channels)
      .set({
        ...channelColumns(ctx, id, input, secrets),
        revision: sql`${channels.revision} + 1`,
        updatedAt: ctx.clock.now(),
      })
      .where(eq(channels.id, id))
      .returning();
    if (row === undefined) throw new ProblemError('internal');
    const shown = await presentOne(ctx, row);
    await recordAudit(ctx, {
      action: 'channel.update',
      targetType: 'channel',
      targetId: id,
      before: await presentOne(ctx, before),
      after: shown,
    });
    return { object: shown, revision: row.revision };
  });
}

/**
 * A URL with another host requires the header values again: a user with `write` must not be able to have stored values
 * sent to a server of their own.
 */
function requireGivenAgain(headers: Record<string, string>, patch: Record<string, unknown>): void {
  const config = isJsonObject(patch.config) ? patch.config : {};
  const given = isJsonObject(config.headers) ? config.headers : {};
  const kept = Object.keys(headers).find((name) => given[name] === undefined || given[name] === HIDDEN);
  if (kept !== undefined)
    throw invalid(`config.headers.${kept}`, 'give its value again: the URL leads to another host');
}

function keepHidden(given: Record<string, string>, held: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, value === HIDDEN ? (held[name] ?? value) : value]),
  );
}
