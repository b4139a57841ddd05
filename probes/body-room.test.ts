import { afterEach, expect, test } from 'vitest';
import { check } from '#tests/probes/check.ts';
import { type Handler, type LocalServer, startHttpServer } from '#tests/probes/local-server.ts';
import { createBodyRoom } from './body-room.ts';

const servers: LocalServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

async function serve(handler: Handler): Promise<LocalServer> {
  const server = await startHttpServer(handler);
  servers.push(server);
  return server;
}

const KIB = 1024;
/** Any claim about the body, so that it is kept. */
const assertions = [{ source: 'body', compare: 'exists' }];
const OVERLOADED = {
  outcome: 'error',
  reason: 'overloaded',
  detail: "this location had no room for the answer's body",
};

test('bodies of checks under way share a room, half of it for one organisation; what is over gives its room back', async () => {
  const roomOf = createBodyRoom(1000 * KIB);
  const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const end = Promise.withResolvers<void>();
  const { origin } = await serve(async (request, response) => {
    response.write(Buffer.alloc(400 * KIB, 'x'), () => begun[Number(request.url?.slice(1))]?.resolve());
    await end.promise;
    response.end();
  });
  const checkOf = (owner: string, path: number) =>
    check({ url: `${origin}/${path}`, assertions }, { room: roomOf(owner) });
  const [one, other] = [checkOf('a', 0), checkOf('b', 1)];
  await Promise.all(begun.map(({ promise }) => promise));
  await expect.poll(() => roomOf('c').take(400 * KIB) && roomOf('c').give(400 * KIB) === undefined).toBe(false);
  // The organisation has no more room; then nobody has.
  expect(await checkOf('a', 2)).toMatchObject(OVERLOADED);
  expect(await checkOf('c', 3)).toMatchObject(OVERLOADED);
  end.resolve();
  expect(await Promise.all([one, other])).toMatchObject([{ outcome: 'success' }, { outcome: 'success' }]);
  expect(await checkOf('a', 4)).toMatchObject({ outcome: 'success', bodyBytes: 400 * KIB });
  // All of it is free again.
  expect(roomOf('a').take(500 * KIB) && roomOf('b').take(500 * KIB)).toBe(true);
});

test('a body that no claim needs takes no room, and one that is cut no more than its limit', async () => {
  const roomOf = createBodyRoom(200 * KIB);
  const { origin } = await serve((_, response) => response.end(Buffer.alloc(900 * KIB, 'x')));
  expect(await check({ url: origin }, { room: roomOf('a') })).toMatchObject({ outcome: 'success' });
  expect(await check({ url: origin, assertions, bodyBytesMax: 90 * KIB }, { room: roomOf('a') })).toMatchObject({
    outcome: 'success',
    reason: 'body_too_large',
  });
  expect(await check({ url: origin, assertions, bodyBytesMax: 110 * KIB }, { room: roomOf('a') })).toMatchObject(
    OVERLOADED,
  );
});

test('a check that ran out of time gives its room back', async () => {
  const roomOf = createBodyRoom(200 * KIB);
  const { origin } = await serve((_, response) => void response.write(Buffer.alloc(80 * KIB, 'x')));
  const outcome = await check({ url: origin, assertions }, { room: roomOf('a'), timeoutMs: 1000 });
  expect(outcome).toMatchObject({ outcome: 'timeout' });
  expect(roomOf('a').take(100 * KIB)).toBe(true);
});
