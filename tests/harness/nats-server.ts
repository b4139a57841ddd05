import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../programs.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';

export interface NatsServer {
  readonly url: string;
  /** SIGTERM. What it stored stays. */
  stop(): Promise<void>;
  /** After `stop`, at the same address. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** A real nats-server with JetStream, its files in a folder of its own. */
export async function startNatsServer(): Promise<NatsServer> {
  const program = findProgram('nats-server');
  if (program === null) throw new Error('nats-server is not installed: npm test installs it, or says what to install.');
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'blacktide-nats-'));
  let child: ChildProcess;
  async function start(): Promise<void> {
    const args = ['--addr', '127.0.0.1', '--port', String(port), '--jetstream', '--store_dir', dir];
    child = spawn(program as string, args, { stdio: 'ignore' });
    await eventually('nats-server answers', () => answers(port));
  }
  async function end(signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }
  await start();
  return {
    url: `nats://127.0.0.1:${port}`,
    start,
    stop: () => end('SIGTERM'),
    close: async () => {
      await end('SIGKILL');
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
