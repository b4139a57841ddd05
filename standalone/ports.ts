import { createServer } from 'node:net';
import { SetupError } from './setup-error.ts';

/**
 * Listens on the port for a moment, as the server will. Throws one sentence that names the setting when the port is
 * taken.
 */
export async function requireFreePort(port: number, setting: string): Promise<void> {
  // Both addresses are tried, because on some systems a program on loopback does not collide with the wildcard address.
  await requireFree(port, undefined, setting);
  await requireFree(port, '127.0.0.1', setting);
}

function requireFree(port: number, host: string | undefined, setting: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => reject(new SetupError(sentence(port, setting, error))));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve()));
  });
}

function sentence(port: number, setting: string, error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE')
    return `Port ${port} is taken: stop the program that uses it, or set ${setting} to another port.`;
  if (error.code === 'EACCES') return `Port ${port} may not be used by this user: set ${setting} to a port above 1023.`;
  return `Port ${port} cannot be used (${error.message}): set ${setting} to another port.`;
}
