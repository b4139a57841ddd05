import { eq } from 'drizzle-orm';
import { idOf } from '#core/services/dead-letters/stored.ts';
import { parkedMessages } from '#db/schema.ts';
import { parkMessages } from '#db/sql/park-messages.ts';
import { type Browser, PASSWORD, type TestApp } from './test-app.ts';

/** Ids of one object of every kind, created by one account through the API. */
export interface SampleObjects {
  readonly monitor: string;
  readonly alertRule: string;
  readonly channel: string;
  readonly incident: string;
  readonly statusPage: string;
  readonly component: string;
  readonly apiKey: string;
  /** Dead letters belong to the installation, and only its owner sees them. */
  readonly deadLetter: string;
  /** Another one than the browser's own: a second sign-in of the same account. */
  readonly session: string;
}

export const MONITOR = { name: 'Shop', type: 'http', config: { url: 'https://shop.example.com/' } } as const;
export const CHANNEL = { name: 'Hook', type: 'webhook', config: { url: 'https://hooks.example.com/' } } as const;

export async function createSamples(app: TestApp, browser: Browser, slug: string): Promise<SampleObjects> {
  const create = async (path: string, body: unknown): Promise<{ id: string; components?: { id: string }[] }> => {
    const answer = await browser.request('POST', `/api/v1${path}`, { body });
    if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.text}`);
    return answer.body;
  };
  const monitor = await create('/monitors', MONITOR);
  const channel = await create('/channels', CHANNEL);
  const condition = { type: 'consecutiveFailures', count: 2 };
  const alertRule = await create('/alert-rules', { name: 'Twice', monitorId: monitor.id, condition });
  const incident = await create('/incidents', { title: 'Slow', monitorId: monitor.id });
  const components = [{ name: 'Shop', monitorId: monitor.id }];
  const statusPage = await create('/status-pages', { name: 'Shop', slug, components });
  const apiKey = await create('/api-keys', { name: 'ci', scopes: ['read', 'write'] });
  return {
    monitor: monitor.id,
    alertRule: alertRule.id,
    channel: channel.id,
    incident: incident.id,
    statusPage: statusPage.id,
    component: statusPage.components?.[0]?.id ?? '',
    apiKey: apiKey.id,
    session: await signInAgain(app, browser),
    deadLetter: await parkMessage(app, { v: 9, kind: 'check.completed', of: slug }),
  };
}

async function signInAgain(app: TestApp, browser: Browser): Promise<string> {
  const { email } = (await browser.request('GET', '/api/v1/auth/me')).body.user;
  // Another API process answers: the samples do not count towards the requests that a test may send from its address.
  await app.variant({})('POST', '/api/v1/auth/login', { body: { email, password: PASSWORD } });
  const { data } = (await browser.request('GET', '/api/v1/auth/sessions')).body;
  return data.find(({ current }: { current: boolean }) => !current).id;
}

/** Parks a message as ingest does; answers its id in the API. */
export async function parkMessage({ ctx }: TestApp, message: unknown): Promise<string> {
  const payload = JSON.stringify(message);
  await parkMessages(ctx.db, [{ subject: 'check.completed', consumer: 'ingest', reason: 'v: expected 1', payload }]);
  const [row] = await ctx.db.select().from(parkedMessages).where(eq(parkedMessages.payload, payload));
  return idOf(row?.id ?? 0);
}
