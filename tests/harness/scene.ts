import type { Channel } from '#domain/api/alerting.ts';
import type { Monitor } from '#domain/api/monitor.ts';
import { type ApiClient, registerAccount } from '#standalone/api-client.ts';
import { eventually } from './eventually.ts';
import { type Installation, newInstallation } from './product.ts';
import { startTarget, type Target } from './target.ts';
import { startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.ts';

/** The shortest allowed interval, so that tests are quick. */
export const INTERVAL_SECONDS = 5;

/** An empty installation, a target to monitor, and a webhook receiver. */
export interface Scene {
  readonly installation: Installation;
  readonly target: Target;
  readonly receiver: WebhookReceiver;
  close(): Promise<void>;
}

export async function newScene(): Promise<Scene> {
  const installation = await newInstallation();
  const target = await startTarget();
  const receiver = await startWebhookReceiver();
  return {
    installation,
    target,
    receiver,
    close: async () => {
      await target.close();
      await receiver.close();
      installation.remove();
    },
  };
}

/** Creates the first account, an API key and a webhook channel to the receiver; answers a client with that key. */
export async function settleIn(scene: Scene): Promise<ApiClient> {
  const api = await registerAccount(scene.installation.apiOrigin, {
    email: 'owner@example.com',
    password: 'correct horse battery staple',
    name: 'Owner',
  });
  const channel = await api.post<Channel & { config: { secret: string } }>('/channels', {
    name: 'Receiver',
    type: 'webhook',
    config: { url: scene.receiver.url },
  });
  scene.receiver.secret = channel.config.secret;
  return api;
}

export function createMonitor(api: ApiClient, name: string, url: string, more: object = {}): Promise<Monitor> {
  return api.post<Monitor>('/monitors', {
    name,
    type: 'http',
    config: { url },
    intervalSeconds: INTERVAL_SECONDS,
    timeoutMs: 4000,
    ...more,
  });
}

/** Waits until the API answers this status for the monitor. */
export function untilStatus(api: ApiClient, id: string, status: Monitor['status'], withinMs: number): Promise<Monitor> {
  return eventually(
    `monitor ${status}`,
    async () => {
      const monitor = await api.get<Monitor>(`/monitors/${id}`);
      if (monitor.status !== status) throw new Error(`it is ${monitor.status}`);
      return monitor;
    },
    withinMs,
  );
}
