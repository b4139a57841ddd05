import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '#core/config.ts';
import { type ApiClient, ApiError, type Credentials, registerAccount } from '../api-client.ts';
import { writeWhole } from '../write-whole.ts';
import { DEMO_SERVICES, startTarget } from './target.ts';

const DEMO_SLUG = 'demo';
/** A short interval, so that a visitor sees a change within seconds. */
const DEMO_INTERVAL_SECONDS = 10;
/** The "slow" button delays answers by 3 s; above this limit a check fails. */
const DEMO_LATENCY_LIMIT_MS = 2000;

/**
 * Starts the target server. In an installation without accounts, also creates an account, monitors and a status page.
 */
export async function startDemo(config: Config, port: number): Promise<() => Promise<void>> {
  const target = await startTarget(port);
  const credentials = await seedOnce(config, port);
  console.log(`\nDemo target with buttons to break it: http://localhost:${port}`);
  if (credentials === null) {
    console.log('There were accounts already, so the demo made none: add monitors for the target yourself.');
  } else {
    console.log(`Demo account: ${credentials.email}, password ${credentials.password}`);
    console.log(`Demo status page: ${config.statusUrl}/status/${DEMO_SLUG}`);
  }
  return async () => {
    target.closeAllConnections();
    await new Promise((resolve) => target.close(resolve));
  };
}

/** null when the installation has an account already. The credentials are stored and shown at every start. */
async function seedOnce(config: Config, port: number): Promise<Credentials | null> {
  const file = join(config.dataDir, 'demo.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Credentials;
  const credentials = { email: 'demo@example.com', password: randomBytes(9).toString('base64url') };
  try {
    const api = await registerAccount(`http://127.0.0.1:${config.apiPort}`, { ...credentials, name: 'Demo' });
    await seed(api, port);
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return null;
    throw error;
  }
  writeWhole(file, JSON.stringify(credentials));
  return credentials;
}

async function seed(api: ApiClient, port: number): Promise<void> {
  const components: { name: string; monitorId: string }[] = [];
  for (const service of DEMO_SERVICES) {
    const name = `Demo ${service}`;
    const monitor = await api.post<{ id: string }>('/monitors', {
      name,
      type: 'http',
      intervalSeconds: DEMO_INTERVAL_SECONDS,
      tags: ['demo'],
      config: {
        url: `http://127.0.0.1:${port}/${service}`,
        assertions: [
          { source: 'status', compare: 'eq', value: 200 },
          { source: 'responseTime', compare: 'lt', value: DEMO_LATENCY_LIMIT_MS },
        ],
      },
    });
    components.push({ name, monitorId: monitor.id });
  }
  await api.post('/status-pages', { name: 'Demo', slug: DEMO_SLUG, visibility: 'public', components });
}
