import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { freePort } from './free-port.ts';

export interface ReceivedWebhook {
  readonly at: number;
  readonly id: string;
  readonly type: string;
  readonly data: { incident?: { id: string; monitorId: string | null }; monitor?: { id: string; name: string } };
}

export interface WebhookReceiver {
  readonly url: string;
  /** The channel's signing secret, which the API answers once, at the creation. The caller sets it. */
  secret: string;
  /** Deliveries whose signature is valid. */
  readonly received: ReceivedWebhook[];
  /** Deliveries with an invalid signature, as reason and body. Tests expect none. */
  readonly refused: string[];
  ofType(type: string, monitorId?: string): ReceivedWebhook[];
  close(): Promise<void>;
}

/** Starts a real receiver that verifies signatures with the reference library of Standard Webhooks. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const port = await freePort();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      try {
        const payload = new Webhook(receiver.secret).verify(body, headers) as Omit<ReceivedWebhook, 'at' | 'id'>;
        receiver.received.push({ ...payload, at: Date.now(), id: headers['webhook-id'] ?? '' });
        response.writeHead(204).end();
      } catch (error) {
        receiver.refused.push(`${(error as Error).message}: ${body}`);
        response.writeHead(401).end();
      }
    });
  });
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${port}/hook`,
    secret: '',
    received: [],
    refused: [],
    ofType: (type, monitorId) =>
      receiver.received.filter(
        (webhook) => webhook.type === type && (monitorId === undefined || webhook.data.monitor?.id === monitorId),
      ),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return receiver;
}
