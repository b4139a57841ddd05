import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** The faults that a visitor can cause in a service of the demo's target server. */
export const DEMO_MODES = {
  fine: 'Fine',
  slow: 'Slow (3 s)',
  broken: 'Broken (HTTP 500)',
  dead: 'Dead (connection dropped)',
  'far-away': 'Broken for Singapore only',
} as const;
export type DemoMode = keyof typeof DEMO_MODES;

export const DEMO_SERVICES = ['shop', 'api', 'docs'] as const;
type DemoService = (typeof DEMO_SERVICES)[number];

const SLOW_MS = 3000;
const FAR_AWAY_LOCATION = 'ap-southeast';

/** A small web server with three services, and a page with buttons that break and repair them. */
export function startTarget(port: number): Promise<Server> {
  const modes: Record<DemoService, DemoMode> = { shop: 'fine', api: 'fine', docs: 'fine' };
  const server = createServer((request, response) => {
    void answer(modes, request, response);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

async function answer(
  modes: Record<DemoService, DemoMode>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, first = '', second = ''] = new URL(request.url ?? '/', 'http://target').pathname.split('/');
  const service = DEMO_SERVICES.find((name) => name === first);
  if (service === undefined) {
    send(response, first === '' ? 200 : 404, controlPage(modes), 'text/html; charset=utf-8');
  } else if (request.method === 'POST' && second in DEMO_MODES) {
    modes[service] = second as DemoMode;
    response.writeHead(303, { location: '/' }).end();
  } else {
    await serve(service, modes[service], request, response);
  }
}

async function serve(service: DemoService, mode: DemoMode, request: IncomingMessage, response: ServerResponse) {
  if (mode === 'dead') {
    request.socket.destroy();
    return;
  }
  if (mode === 'slow') await sleep(SLOW_MS);
  const broken =
    mode === 'broken' || (mode === 'far-away' && request.headers['x-blacktide-location'] === FAR_AWAY_LOCATION);
  send(response, broken ? 500 : 200, JSON.stringify({ service, status: broken ? 'broken' : 'ok' }), 'application/json');
}

function send(response: ServerResponse, status: number, body: string, type: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}

function controlPage(modes: Record<DemoService, DemoMode>): string {
  const rows = DEMO_SERVICES.map((service) => {
    const buttons = Object.entries(DEMO_MODES).map(([mode, label]) => {
      const pressed = modes[service] === mode;
      return `<button formaction="/${service}/${mode}" aria-pressed="${pressed}">${label}</button>`;
    });
    return `<form method="post"><h2><a href="/${service}">${service}</a></h2>${buttons.join('')}</form>`;
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>BlackTide demo target</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { max-width: 44rem; margin: 3rem auto; padding: 0 1rem }
  form { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: 1rem 0 }
  h2 { font-size: 1rem; margin: 0 0 .5rem }
  button { font: inherit; padding: .35rem .7rem; margin: 0 .4rem .4rem 0; border-radius: .3rem; border: 1px solid #8888; background: none; color: inherit; cursor: pointer }
  button[aria-pressed=true] { background: #0b6e69; border-color: #0b6e69; color: #fff }
</style>
<h1>Demo target</h1>
<p>Three services that BlackTide watches. Break one, then look at the dashboard and the status page.</p>
${rows.join('\n')}`;
}
