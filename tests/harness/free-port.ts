import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Ports below Linux's ephemeral range (32768…): no outgoing connection takes one while a server is restarted. */
const FIRST = 20_000;
const LAST = 31_999;

/** A random port on which no process listens. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST + 1);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
