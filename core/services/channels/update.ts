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
import { isLost } from '../read-tolerantly.ts';
import { recordAudit } from '../record-audit.ts';
import type { RequestContext } from '../request-context.ts';
import { invalid, validated } from '../validated.ts';
import { presentOne } from './present.ts';
import { HIDDEN, requireWholeUrl, shownUrl } from './shown-url.ts';
import {
  type ChannelInput,
  type ChannelRow,
  type ChannelSecrets,
  channelColumns,
  findChannel,
  readChannel,
  type StoredChannel,
} from './stored.ts';
import { requireSendable } from './webhook-headers.ts';

/** Stands in for a URL that cannot be read while the other members are validated; it is never stored. */
const NO_URL = 'https://unreadable.invalid/';

/**
 * Applies a merge patch. A secret that is left out, and a URL and header values sent back hidden, are kept. A channel
 * that is unreadable in part is repaired by a patch that gives that part; any other patch leaves it as it is stored.
 */
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
    const stored = readChannel(ctx, before);
    const input = validated(channelCreateSchema, mergePatch(baseOf(stored, patch), withWholeUrl(stored, patch)));
    requireWholeUrl(input.config.url);
    const secrets = changedSecrets(stored, input, patch);
    const now = ctx.clock.now();
    const [row] = await ctx.db
      .update(channels)
      .set({
        ...readableColumns(channelColumns(ctx, id, input, secrets), stored, patch),
        ...switchColumns(before, input.enabled, now),
        ...('config' in patch ? NOT_FAILING : {}),
        revision: sql`${channels.revision} + 1`,
        updatedAt: now,
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

/** The state of a channel that has not failed: what is written of it belongs to the settings before. */
const NOT_FAILING = { failingSince: null, lastError: null, lastStatusCode: null } as const;

function switchColumns(before: ChannelRow, enabled: boolean, now: Date) {
  if (enabled === before.enabled) return {};
  if (!enabled) return { disabledAt: now, disabledReason: 'by_hand' as const };
  return { disabledAt: null, disabledReason: null, ...NOT_FAILING };
}

/**
 * The stored channel to which the patch is applied. The secret is left out: one of a version before need not be valid
 * today. A part that cannot be read is missing when the patch touches it, so that the patch has to give it.
 */
function baseOf({ channel, problem }: StoredChannel, patch: Record<string, unknown>): Record<string, unknown> {
  const { type, config, ...rest } = channel;
  const url = isLost(problem, 'config.url') ? ('config' in patch ? {} : { url: NO_URL }) : { url: config.url };
  return { ...rest, type, config: { ...url, headers: config.headers } };
}

/** The patch with the stored URL in the place of the one that answers show. */
function withWholeUrl({ channel }: StoredChannel, patch: Record<string, unknown>): Record<string, unknown> {
  const { url } = channel.config;
  if (!isJsonObject(patch.config) || url === '' || patch.config.url !== shownUrl(url)) return patch;
  return { ...patch, config: { ...patch.config, url } };
}

/** The secrets after the change; throws validation_failed where some have to be given again. */
function changedSecrets(
  { channel, problem }: StoredChannel,
  { config }: ChannelInput,
  patch: Record<string, unknown>,
): ChannelSecrets {
  const held = channel.config;
  if ('config' in patch && config.secret === undefined && isLost(problem, 'config.secret')) {
    throw invalid('config.secret', 'give it again: the stored one cannot be read');
  }
  const headers = keepHidden(config.headers, held.headers);
  const elsewhere = 'config' in patch && (!URL.canParse(held.url) || leadsElsewhere(held.url, config.url));
  if (elsewhere) requireGivenAgain(headers, patch);
  requireSendable(headers);
  return { secret: config.secret ?? held.secret, headers };
}

/** The columns to write: those of parts that cannot be read only when the patch gives these parts. */
function readableColumns(
  { type, config, secretsSealed, ...rest }: ReturnType<typeof channelColumns>,
  { problem }: StoredChannel,
  patch: Record<string, unknown>,
) {
  const keeps = (path: string) => isLost(problem, path) && !(path.split('.', 1).join() in patch);
  return {
    ...rest,
    ...(keeps('type') ? {} : { type }),
    ...(keeps('config.url') ? {} : { config }),
    ...(keeps('config.secret') ? {} : { secretsSealed }),
  };
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
