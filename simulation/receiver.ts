import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { Random } from './random.ts';
import { requireThat } from './violation.ts';

/** What the receiver does with a delivery after reading it. */
type Mood = 'takes it' | 'answers 500' | 'hangs' | 'breaks off';
/** Most failures of one notification. After these the receiver takes it, so that every notification ends. */
const FAILURES_MAX = 3;
/** How long a sender waits for an answer (core/notify/channels/webhook.ts). */
const HANGS_MS = 10_000;

const messageSchema = z.object({
  type: z.string(),
  data: z.object({
    incident: z.object({ id: z.string(), monitorId: z.string().nullable() }),
    monitor: z.object({ id: z.string() }).optional(),
  }),
});

export interface Receipt {
  readonly id: string;
  readonly channelId: string;
  readonly body: string;
  readonly message: z.infer<typeof messageSchema>;
  readonly mood: Mood;
}

/** A real HTTP endpoint with a path for each channel. It often fails, hangs or breaks off. */
export class MoodyReceiver {
  readonly receipts: Receipt[] = [];
  /** True: every delivery is taken. */
  calm = false;
  readonly #random: Random;
  readonly #nowMs: () => number;
  readonly #secrets = new Map<string, string>();
  readonly #server: Server;
  #hanging: { id: string; sinceMs: number; response: ServerResponse }[] = [];
  readonly #onHang = new Map<string, () => void>();
  readonly #problems: Error[] = [];

  constructor(random: Random, nowMs: () => number) {
    this.#random = random;
    this.#nowMs = nowMs;
    this.#server = createServer((request, response) => {
      this.#receive(request, response).catch((error: Error) => {
        this.#problems.push(error);
        response.writeHead(400).end();
      });
    });
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  urlOf(channel: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${channel}`;
  }

  /** Sets the channel and the signing secret of a path. */
  expect(path: string, channelId: string, secret: string): void {
    this.#secrets.set(`/${path}`, `${channelId} ${secret}`);
  }

  /** Resolves when the next delivery of this notification hangs. */
  hangs(id: string): Promise<void> {
    return new Promise((resolve) => this.#onHang.set(id, resolve));
  }

  /** Ends the connections that have hung for HANGS_MS (all when calm). Returns the ids of their notifications. */
  release(): string[] {
    const due = this.#hanging.filter(({ sinceMs }) => this.calm || this.#nowMs() - sinceMs >= HANGS_MS);
    this.#hanging = this.#hanging.filter((one) => !due.includes(one));
    for (const { response } of due) response.destroy();
    return due.map(({ id }) => id);
  }

  requireNoProblem(): void {
    const [problem] = this.#problems;
    if (problem !== undefined) throw problem;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    const [channelId, secret] = (this.#secrets.get(request.url ?? '') ?? ' ').split(' ');
    const id = String(request.headers['webhook-id']);
    const at = new Date(Number(request.headers['webhook-timestamp']) * 1000);
    // verify() would compare the timestamp with the real time.
    const signature = new Webhook(secret ?? '').sign(id, at, body);
    requireThat(
      request.headers['webhook-signature'] === signature,
      'a delivery carries the signature of its channel',
      id,
    );
    const mood = this.#mood(id);
    this.receipts.push({ id, channelId: channelId ?? '', body, message: messageSchema.parse(JSON.parse(body)), mood });
    if (mood === 'takes it') response.writeHead(204).end();
    else if (mood === 'answers 500') response.writeHead(500).end('busy');
    else if (mood === 'breaks off') response.destroy();
    else {
      this.#hanging.push({ id, sinceMs: this.#nowMs(), response });
      this.#onHang.get(id)?.();
    }
  }

  #mood(id: string): Mood {
    const earlier = this.receipts.filter((receipt) => receipt.id === id);
    if (this.calm || earlier.filter(({ mood }) => mood !== 'takes it').length >= FAILURES_MAX) return 'takes it';
    // Each notification has its own random stream, so the order of parallel deliveries does not matter.
    const own = this.#random.fork(`${id} ${earlier.length}`);
    return own.weighted({ 'takes it': 6, 'answers 500': 2, 'breaks off': 2, hangs: 1 });
  }
}
