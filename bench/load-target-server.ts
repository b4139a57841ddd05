import { type AddressInfo, createServer } from 'node:net';

/**
 * A program: an HTTP server that answers every request with 200 at the least cost. It prints its port and ends with its
 * standard input.
 */
const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok');
const END_OF_HEAD = '\r\n\r\n';
/**
 * The kernel lowers the backlog to its own limit. A long one lets connections of an overload wait instead of being
 * dropped.
 */
const BACKLOG = 65_535;

const server = createServer({ noDelay: true }, (socket) => {
  let head = '';
  // Requests have no body, so each end of a head is one request.
  socket.on('data', (chunk) => {
    const heads = (head + chunk.toString('latin1')).split(END_OF_HEAD);
    head = heads.pop() ?? '';
    for (const _ of heads) socket.write(ANSWER);
  });
  socket.on('error', () => socket.destroy());
});
server.listen({ host: '127.0.0.1', port: 0, backlog: BACKLOG }, () => {
  console.log((server.address() as AddressInfo).port);
});
process.stdin.on('end', () => process.exit(0)).resume();
