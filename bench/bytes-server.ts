import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A program: an HTTP server of Node that sends the bytes of a file whatever it is asked, with the headers of its second
 * argument. Prints its port; ends with its standard input.
 */
const [file = '', headers = '{}'] = process.argv.slice(2);
const bytes = readFileSync(file);
const head = { ...(JSON.parse(headers) as Record<string, string>), 'Content-Length': String(bytes.length) };

const server = createServer((_, response) => response.writeHead(200, head).end(bytes));
server.listen({ host: '127.0.0.1', port: 0 }, () => {
  console.log((server.address() as AddressInfo).port);
});
process.stdin.on('end', () => process.exit(0)).resume();
