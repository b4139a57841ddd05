import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../programs.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';

export interface NatsServer {
  readonly url: string;
  /** Ends the server by SIGTERM; its stored messages stay. */
  stop(): Promise<void>;
  /** SIGKILL. Messages that reached the disk stay. */
  kill(): Promise<void>;
  /** Starts the server again at the same address, after `stop` or `kill`. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a real nats-server with JetStream and its own temporary folder. */
export async function startNatsServer(): Promise<NatsServer> {
  const program = findProgram('nats-server');
  if (program === null) throw new Error('nats-server is not installed: npm test installs it, or says what to install.');
  const name = randomUUID();
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'blacktide-nats-'));
  const args = ['--name', name, '--addr', '127.0.0.1', '--port', String(port), '--jetstream', '--store_dir', dir];
  let child: ChildProcess;
  /** A nats-server whose port is taken exits. It is started again until the port is free or the deadline passes. */
  async function start(): Promise<void> {
    child = spawn(program as string, args, { stdio: 'ignore' });
    await eventually('nats-server answers', () => {
      if (hasEnded(child)) child = spawn(program as string, args, { stdio: 'ignore' });
      return answers(port, name);
    });
  }
  async function end(signal: NodeJS.Signals): Promise<void> {
    if (hasEnded(child)) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }
  await start();
  return {
    url: `nats://127.0.0.1:${port}`,
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    close: async () => {
      await end('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Whether the server with this name answers on the port. The server of another process may have taken the port. */
function answers(port: number, name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    // The first line is INFO with the server's name: https://docs.nats.io/reference/reference-protocols/nats-protocol#info
    socket.once('data', (info) => {
      socket.destroy();
      resolve(info.includes(name));
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
