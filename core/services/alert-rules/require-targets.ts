import { and, eq, inArray } from 'drizzle-orm';
import { channels, monitors } from '#db/schema.ts';
import type { RequestUnit } from '../request-context.ts';
import { invalid } from '../validated.ts';
import type { AlertRuleInput } from './stored.ts';

/** The shard of the rule's monitor; throws validation_failed when monitor or channels are not the caller's. */
export async function requireTargets(ctx: RequestUnit, input: AlertRuleInput): Promise<string> {
  const { organizationId } = ctx.caller;
  const [monitor] = await ctx.db
    .select({ shardId: monitors.shardId })
    .from(monitors)
    .where(and(eq(monitors.id, input.monitorId), eq(monitors.organizationId, organizationId)))
    .for('update');
  if (monitor === undefined) throw invalid('monitorId', 'there is no such monitor');
  const wanted = [...new Set(input.channelIds ?? [])];
  if (wanted.length === 0) return monitor.shardId;
  const found = await ctx.db
    .select({ id: channels.id })
    .from(channels)
    .where(and(inArray(channels.id, wanted), eq(channels.organizationId, organizationId)))
    // The lock prevents that a channel is deleted while a rule is stored that names it.
    .for('share');
  const missing = wanted.find((id) => !found.some((channel) => channel.id === id));
  if (missing !== undefined) {
    throw invalid(`channelIds.${input.channelIds?.indexOf(missing) ?? 0}`, 'there is no such channel');
  }
  return monitor.shardId;
}
