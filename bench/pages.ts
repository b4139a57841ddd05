import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { eventually } from '#tests/harness/eventually.ts';
import { createMonitor } from '#tests/harness/scene.ts';
import { type Figures, type Findings, percentile, rounded } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { readFor } from './page-readers.ts';
import { type Stage, withStage } from './stage.ts';

const COMPONENTS = 20;
const DAYS = 90;
/** How long each row is measured; the last part of its warm-up finds everything compiled. */
const SECONDS = 8;
const WARM_UP_MS = 2_000;
/** The checks of the page's monitors are no part of the measurement. */
const INTERVAL_SECONDS = 3600;
const PUBLISHED_MS = 60_000;
const WITHIN_MS = 300_000;
/** On a machine that does something else too, the plain server is slow as well: twice its own time is no fault of ours. */
const P99_MS_MAX = 50;
const P99_OF_LIMIT_MAX = 2;
/** Of what a Node server does that knows nothing else: below it, something other than HTTP costs more than HTTP. */
const SHARE_OF_LIMIT_MIN = 0.5;

const CODINGS = [
  ['as it is', 'identity'],
  ['in gzip', 'gzip'],
] as const;

/** Readers of a status page of 20 components and 90 days, beside a plain Node server that sends the same bytes. */
export function pages(options: BenchOptions): Promise<Findings> {
  const ms = (options.seconds ?? SECONDS) * 1000;
  return withStage(
    async (stage) => {
      const url = await publishPage(stage);
      const rows: Figures[] = [];
      const missedGoals: string[] = [];
      for (const [words, coding] of CODINGS) {
        const own = await measure(`page ${words}`, ms, url, { 'Accept-Encoding': coding });
        const limit = await measureLimit(stage, words, ms, url, coding);
        const share = rounded(Number(own.requestsPerSecond) / Number(limit.requestsPerSecond), 2);
        rows.push({ ...own, shareOfNode: share }, limit);
        if (share < SHARE_OF_LIMIT_MIN) missedGoals.push(`page ${words}: ${share} of what a plain Node server does`);
        const p99MsMax = Math.max(P99_MS_MAX, P99_OF_LIMIT_MAX * Number(limit.p99Ms));
        if (Number(own.p99Ms) > p99MsMax) missedGoals.push(`page ${words}: p99 of ${own.p99Ms} ms`);
      }
      const tag = String((await fetchPage(url, 'gzip')).headers.etag);
      rows.push(await measure('page confirmed', ms, url, { 'Accept-Encoding': 'gzip', 'If-None-Match': tag }));
      return { figures: { components: COMPONENTS, seconds: ms / 1000 }, rows, missedGoals };
    },
    { withinMs: WITHIN_MS },
  );
}

/** Monitors with three months behind them, in four groups. */
async function publishPage({ api, sql, scene }: Stage): Promise<URL> {
  const components: object[] = [];
  for (let n = 1; n <= COMPONENTS; n += 1) {
    const { id } = await createMonitor(api, `Service ${n}`, scene.target.url, { intervalSeconds: INTERVAL_SECONDS });
    components.push({ name: `Service ${n}`, group: `Group ${1 + (n % 4)}`, monitorId: id });
  }
  await sql`INSERT INTO rollups_daily (monitor_id, day, up, up_seconds, down_seconds)
    SELECT m.id, day, 1440, 86400 - down, down FROM monitors m
    CROSS JOIN generate_series(date_trunc('day', now(), 'UTC') - interval '1 day' * ${DAYS - 1},
      date_trunc('day', now(), 'UTC') - interval '1 day', interval '1 day') AS day
    CROSS JOIN LATERAL (SELECT CASE WHEN random() < 0.05 THEN 60.0 ELSE 0.0 END AS down, day AS each_day) AS outage`;
  await api.post('/status-pages', { name: 'Bench', slug: 'bench', visibility: 'public', components });
  const url = new URL(`${scene.installation.edgeOrigin}/status/bench`);
  await eventually(
    'the whole page',
    async () => {
      const html = (await fetchPage(url, 'identity')).body.toString();
      return html.includes(`Service ${COMPONENTS}`) && html.includes('All systems operational');
    },
    PUBLISHED_MS,
  );
  return url;
}

async function measure(
  what: string,
  ms: number,
  url: URL,
  headers: Readonly<Record<string, string>>,
): Promise<Figures> {
  await readFor(WARM_UP_MS, url, headers);
  const { answers, bytes, latenciesMs } = await readFor(ms, url, headers);
  return {
    what,
    bytesPerAnswer: bytes,
    requestsPerSecond: Math.round(answers / (ms / 1000)),
    p50Ms: percentile(latenciesMs, 50),
    p99Ms: percentile(latenciesMs, 99),
    maxMs: percentile(latenciesMs, 100),
  };
}

/** The same bytes from a server of Node that does nothing else. */
async function measureLimit({ scene }: Stage, words: string, ms: number, url: URL, coding: string): Promise<Figures> {
  const { headers, body } = await fetchPage(url, coding);
  const file = join(scene.installation.dataDir, `page-${coding}`);
  writeFileSync(file, body);
  const { 'content-length': _, 'transfer-encoding': __, connection: ___, date: ____, ...sent } = headers;
  const server = spawn(process.execPath, [join(import.meta.dirname, 'bytes-server.ts'), file, JSON.stringify(sent)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const [port] = (await once(server.stdout, 'data')) as [Buffer];
    const there = new URL(`http://127.0.0.1:${port.toString().trim()}/`);
    return await measure(`Node's ${words}`, ms, there, { 'Accept-Encoding': coding });
  } finally {
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  }
}

/** Not by fetch(), which hides the coding. */
function fetchPage(url: URL, coding: string) {
  return new Promise<{ headers: NodeJS.Dict<string | string[]>; body: Buffer }>((resolve, reject) => {
    const sent = request(url, { headers: { 'Accept-Encoding': coding }, agent: false }, (answer) => {
      buffer(answer).then((body) => resolve({ headers: answer.headers, body }), reject);
    });
    sent.once('error', reject).end();
  });
}
