import { readFileSync } from 'node:fs';
import { type RequestOptions, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ApiClient } from '#standalone/api-client.ts';
import { workerdPidFile } from '#standalone/orphaned-workerd.ts';
import { eventually } from '../harness/eventually.ts';
import { processTree } from '../harness/process-tree.ts';
import { type Installation, type Product, start } from '../harness/product.ts';
import { createMonitor, type Scene, settleIn, untilStatus } from '../harness/scene.ts';

/** What people and supervisors are told by an installation at one moment. */
export interface Told {
  /** Status of the core's /healthz. */
  readonly alive: number;
  readonly core: Ready;
  readonly edge: Ready;
  /** GET and POST of the API: the status, and the code of a problem. */
  readonly read: string;
  readonly write: string;
  /** The sentence of the status page, or its HTTP status when there is none. */
  readonly page: string;
}

export interface Ready {
  readonly status: number;
  readonly dependencies?: Record<string, string>;
  readonly reasons?: Record<string, string>;
}

export interface FaultyInstallation {
  readonly product: Product;
  readonly api: ApiClient;
  /** Asks all of it at once. */
  ask(): Promise<Told>;
  /** Checks that have reached the target so far. */
  checks(): number;
  /** The processes of the embedded PostgreSQL. */
  postgres(): number[];
  workerd(): number;
}

/** Longer than every time limit of a request that waits for the database. */
const ANSWER_MS = 20_000;
const FIRST_RESULTS_MS = 30_000;
export const ALL_WELL = 'All systems operational';

/** A product with a monitor that is up and a page that says so, to see what it says when something breaks. */
export async function startFaultyInstallation(
  scene: Scene,
  env: Record<string, string> = {},
): Promise<FaultyInstallation> {
  let checks = 0;
  scene.target.behave((_request, response) => {
    checks += 1;
    response.end('ok');
  });
  const { installation } = scene;
  const product = await start(installation, { env });
  const api = await settleIn(scene);
  const monitor = await createMonitor(api, 'Target', scene.target.url);
  const components = [{ name: 'Website', monitorId: monitor.id }];
  await api.post('/status-pages', { name: 'Acme', slug: 'acme', visibility: 'public', components });
  await untilStatus(api, monitor.id, 'up', FIRST_RESULTS_MS);
  const ask = () => askAll(installation, api.key);
  await eventually('the page says so', async () => (await ask()).page === ALL_WELL);
  return {
    product,
    api,
    ask,
    checks: () => checks,
    postgres: () =>
      processTree(Number(readFileSync(join(postgresHome(installation), 'postmaster.pid'), 'utf8').split('\n')[0])),
    workerd: () => Number(readFileSync(workerdPidFile(installation.dataDir), 'utf8')),
  };
}

function postgresHome({ dataDir }: Installation): string {
  try {
    return join(readFileSync(join(dataDir, 'postgres.location'), 'utf8').trim(), 'pgdata');
  } catch {
    return join(dataDir, 'postgres', 'pgdata');
  }
}

async function askAll({ apiOrigin, edgeOrigin }: Installation, key: string): Promise<Told> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const monitors = `${apiOrigin}/api/v1/monitors`;
  const body = JSON.stringify({
    name: 'Another',
    type: 'http',
    config: { url: 'http://127.0.0.1:9/' },
    enabled: false,
  });
  const [alive, core, edge, read, write, page] = await Promise.all([
    get(`${apiOrigin}/healthz`),
    get(`${apiOrigin}/readyz`),
    get(`${edgeOrigin}/readyz`),
    get(monitors, { headers }),
    get(monitors, { method: 'POST', headers, body }),
    get(`${edgeOrigin}/status/acme`),
  ]);
  return {
    alive: alive.status,
    core: readyOf(core),
    edge: readyOf(edge),
    read: wordsOf(read),
    write: wordsOf(write),
    page: /<h2 id="answer">([^<]+)</.exec(page.text)?.[1] ?? String(page.status),
  };
}

interface Got {
  readonly status: number;
  readonly text: string;
}

/**
 * On a connection of its own: a kept one may be closed at the moment of its next use, which says nothing about the
 * installation.
 */
function get(url: string, { headers = {}, ...init }: RequestOptions & { body?: string } = {}): Promise<Got> {
  return new Promise((resolve) => {
    const fail = (error: Error) => resolve({ status: 0, text: String(error) });
    const asked = request(url, { ...init, headers, agent: false, timeout: ANSWER_MS }, (answer) => {
      text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, text: body }), fail);
    });
    asked.once('error', fail).once('timeout', () => asked.destroy(new Error('no answer in time')));
    asked.end(init.body);
  });
}

function readyOf({ status, text: body }: Got): Ready {
  try {
    const { dependencies, reasons } = JSON.parse(body) as Omit<Ready, 'status'>;
    return { status, ...(dependencies ? { dependencies } : {}), ...(reasons ? { reasons } : {}) };
  } catch {
    return { status };
  }
}

function wordsOf({ status, text: body }: Got): string {
  if (status < 400 && status > 0) return String(status);
  try {
    return `${status} ${(JSON.parse(body) as { code: string }).code}`;
  } catch {
    return `${status} ${body.slice(0, 100)}`;
  }
}
