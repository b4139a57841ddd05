import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../programs.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';

export interface NatsServer {
  readonly url: string;
  close(): Promise<void>;
}

/** A real nats-server with JetStream, its files in a folder of its own. */
export async function startNatsServer(): Promise<NatsServer> {
  const program = findProgram('nats-server');
  if (program === null) throw new Error('nats-server is not installed: npm test installs it, or says what to install.');
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'blacktide-nats-'));
  const child = spawn(program, ['--addr', '127.0.0.1', '--port', String(port), '--jetstream', '--store_dir', dir], {
    stdio: 'ignore',
  });
  await eventually('nats-server answers', () => answers(port));
  return {
    url: `nats://127.0.0.1:${port}`,
    close: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
