import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';

/** Clients that each open a new connection per request while the target's capacity is measured. */
const CONNECTIONS = 64;
const MEASURE_MS = 2000;

/** A target in a process of its own, so that its CPU time can be measured separately. */
export interface TargetProcess {
  readonly pid: number;
  /** With a trailing slash. */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts the target that answers every request with 200 at the least cost. */
export function startLoadTarget(): Promise<TargetProcess> {
  return startTargetProcess('load-target-server.ts');
}

/** Starts a program of this folder that prints its port. */
export async function startTargetProcess(program: string): Promise<TargetProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, program)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    pid: child.pid ?? 0,
    url: `http://127.0.0.1:${port.toString().trim()}/`,
    close: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/**
 * Requests per second, each over a new connection, that the target answers to this process. The target's capacity is at
 * least this, because the measuring process may be the slower one.
 */
export async function measureTarget(target: TargetProcess): Promise<number> {
  const until = Date.now() + MEASURE_MS;
  let answered = 0;
  const client = async () => {
    while (Date.now() < until) {
      await ask(new URL(target.url));
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
  return Math.round(answered / (MEASURE_MS / 1000));
}

function ask({ hostname, port }: URL): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write('GET / HTTP/1.1\r\nhost: target\r\n\r\n'));
    socket.once('data', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
