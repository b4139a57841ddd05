import { describe, expect, it } from 'vitest';
import type { HttpRequest, Network } from '#probes/network.ts';
import { NoTurn } from '#probes/probe.ts';
import { budgetedNetwork, ProbeLedger } from './probe-budget.ts';

const MEBIBYTE = 1024 * 1024;
const REQUEST: HttpRequest = {
  method: 'GET',
  url: 'https://shop.example/',
  headers: [],
  body: undefined,
  verifyTls: true,
  ipVersion: 'any',
};

/** Answers each request with a body of this size. */
function answering(bytes: number): Network {
  return {
    async request() {
      const body = (async function* () {
        for (let sent = 0; sent < bytes; sent += 16_384) yield new Uint8Array(Math.min(16_384, bytes - sent));
      })();
      return { status: 200, headers: [], codings: [], body, phases: {}, tls: undefined, remoteAddress: undefined };
    },
    decodes: new Set(),
    decode: (_coding, body) => body,
  };
}

/** Makes one check: some requests, the last one's body read to its end. */
async function check(network: Network, requests = 1): Promise<number> {
  const { signal } = new AbortController();
  for (let n = 1; n < requests; n++) await network.request(REQUEST, signal);
  let bytes = 0;
  for await (const chunk of (await network.request(REQUEST, signal)).body) bytes += chunk.byteLength;
  return bytes;
}

describe('the time of an organisation', () => {
  it('is used up by charges, flows back, and is separate for each organisation', () => {
    const ledger = new ProbeLedger();
    for (let n = 0; n < 50; n++) expect(ledger.charge('org_one', 10, 0)).toBe(true);
    expect(ledger.charge('org_one', 10, 0)).toBe(false);
    expect(ledger.charge('org_other', 10, 0)).toBe(true);
    expect(ledger.charge('org_one', 10, 200)).toBe(true);
    expect(ledger.charge('org_one', 10, 200)).toBe(false);
    // A clock that goes back gives and takes nothing.
    expect(ledger.charge('org_one', 10, 100)).toBe(false);
  });

  it('ends a check in the middle of a large body when it is used up', async () => {
    const ledger = new ProbeLedger();
    const large = () => check(budgetedNetwork(answering(MEBIBYTE), 'org_one', ledger));
    const ends = await Promise.allSettled(Array.from({ length: 200 }, large));
    const read = ends.filter(({ status }) => status === 'fulfilled').length;
    expect(read).toBeLessThan(150);
    await expect(large()).rejects.toThrow('the organization has used up its time for large bodies and redirects');
    await expect(large()).rejects.toThrow(NoTurn);
    expect(await check(budgetedNetwork(answering(MEBIBYTE), 'org_other', ledger))).toBe(MEBIBYTE);
  });

  it('is not needed for small answers and short redirects', async () => {
    const ledger = new ProbeLedger();
    const useUp = () => {
      for (let n = 0; n < 50; n++) ledger.charge('org_one', 10, Date.now());
    };
    useUp();
    for (let n = 0; n < 100; n++) {
      expect(await check(budgetedNetwork(answering(64 * 1024), 'org_one', ledger), 3)).toBe(64 * 1024);
    }
    useUp();
    await expect(check(budgetedNetwork(answering(0), 'org_one', ledger), 30)).rejects.toThrow(NoTurn);
  });
});
