import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePrograms, findProgram } from '../programs.ts';

/** The server takes a tenth of a second to start; the rest is for a busy machine. */
const START_TIMEOUT_MS = 10_000;

/** Starts a real nats-server with JetStream and a WebSocket listener, on free ports that it chooses. */
export async function startNats(): Promise<{ wsUrl: string; close(): Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), 'blacktide-nats-'));
  const config = join(dir, 'nats.conf');
  writeFileSync(
    config,
    `host: "127.0.0.1"\nport: -1\nports_file_dir: "${dir}"\njetstream { store_dir: "${dir}/js" }\nwebsocket { host: "127.0.0.1", port: -1, no_tls: true }\n`,
  );
  const server = spawn(natsServer(), ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  const wsUrl = await websocketUrl(server.stderr);
  return {
    wsUrl,
    close: async () => {
      const gone = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGKILL');
      await gone;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Reads the chosen port from the log: "Listening for websocket clients on ws://127.0.0.1:40123". */
function websocketUrl(log: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`nats-server did not start: ${seen}`)), START_TIMEOUT_MS);
    let seen = '';
    log.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      const url = /websocket clients on (ws:\/\/\S+)/.exec(seen)?.[1];
      if (url === undefined || !seen.includes('Server is ready')) return;
      clearTimeout(timer);
      resolve(url);
    });
  });
}

function natsServer(): string {
  const problem = findProgram('nats-server') === null ? ensurePrograms() : null;
  const path = findProgram('nats-server');
  if (path === null) throw new Error(problem ?? 'The edge tests need nats-server.');
  return path;
}
