import type { Sql } from 'postgres';
import type { Channel } from '#domain/api/alerting.ts';
import { type ApiClient, ApiError, registerAccount } from '#standalone/api-client.ts';
import { startDeadReceivers } from '#tests/core/dead-receivers.ts';
import { createMonitor } from '#tests/harness/scene.ts';
import type { Figures } from './figures.ts';
import { type Attack, hostileMonitors } from './hostile-monitors.ts';

const RECEIVERS = 500;

/** The objects of the hostile organisation, and the servers of its dead receivers. */
export interface HostileOrganization {
  readonly monitorIds: readonly string[];
  readonly channelIds: readonly string[];
  close(): Promise<void>;
}

/** Registers an account, and creates its dead webhook receivers and its monitors. */
export async function settleHostile(
  origin: string,
  targetUrl: string,
  attack: Attack | 'all',
): Promise<HostileOrganization> {
  const api = await registerAccount(origin, {
    email: 'hostile@example.com',
    password: 'seven storms in a small glass',
    name: 'Hostile',
  });
  const receivers = await startDeadReceivers();
  const channelIds = attack === 'all' || attack === 'receivers' ? await createChannels(api, receivers.urls) : [];
  const monitorIds: string[] = [];
  for (const { name, path, timeoutMs, config } of hostileMonitors(attack)) {
    const url = new URL(path, targetUrl).href;
    monitorIds.push((await createMonitor(api, name, url, { timeoutMs, config: { url, ...config } })).id);
  }
  return { monitorIds, channelIds, close: () => receivers.close() };
}

/** Creates a channel for each receiver: 500, or as many as the organisation may have. */
async function createChannels(api: ApiClient, urls: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  try {
    while (ids.length < RECEIVERS) {
      const url = `${urls[ids.length % urls.length]}${ids.length}`;
      const { id } = await api.post<Channel>('/channels', {
        name: `Dead ${ids.length}`,
        type: 'webhook',
        config: { url },
      });
      ids.push(id);
    }
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500 || ids.length === 0) throw error;
    console.log(`${ids.length} channels: ${error.message}`);
  }
  return ids;
}

/** What the hostile organisation is told: its results by outcome and reason, and the fate of its notifications. */
export async function hostileWords(
  sql: Sql,
  { monitorIds, channelIds }: HostileOrganization,
  from: Date,
  to: Date,
): Promise<Figures> {
  const results = await sql<{ words: string; count: number; detail: string | null }[]>`
    SELECT concat_ws(' ', outcome, reason) AS words, count(*)::int AS count, min(detail) AS detail FROM check_results
    WHERE monitor_id = ANY (${[...monitorIds]})
      AND scheduled_at >= ${from.toISOString()}::timestamptz AND scheduled_at < ${to.toISOString()}::timestamptz
    GROUP BY 1 ORDER BY 2 DESC`;
  const notifications = await sql<{ status: string; count: number }[]>`
    SELECT status, count(*)::int AS count FROM notifications
    WHERE channel_id = ANY (${[...channelIds]}) GROUP BY 1 ORDER BY 2 DESC`;
  return {
    hostileMonitors: monitorIds.length,
    hostileReceivers: channelIds.length,
    ...Object.fromEntries(
      results.map(({ words, count, detail }) => [
        `hostile ${words}`,
        detail === null ? count : `${count}, e.g. ${detail}`,
      ]),
    ),
    ...Object.fromEntries(notifications.map(({ status, count }) => [`hostile messages ${status}`, count])),
  };
}
