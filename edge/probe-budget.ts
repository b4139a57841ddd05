import type { Network } from '#probes/network.ts';
import { NoTurn } from '#probes/probe.ts';

/** What a check may read and request without owing anything: nearly all checks stay below. */
const FREE_BYTES = 64 * 1024;
const FREE_REQUESTS = 3;
/** Processor time of a mebibyte of a body, decoded or not, and of a request with its connection: twice as measured. */
const MS_PER_BYTE = 4 / (1024 * 1024);
const MS_PER_REQUEST = 0.6;
/** Fifty monitors that are checked every five seconds may read a mebibyte each, at all times. */
const MS_PER_SECOND = 50;
/** A hundred bodies of a mebibyte at once. */
const BURST_MS = 500;
/** Most organisations that are remembered, 100 bytes each. The one that was charged least recently is forgotten. */
const ORGANIZATIONS_MAX = 20_000;

/** Processor time that each organisation has lately used for large bodies and long redirects: a leaky bucket each. */
export class ProbeLedger {
  readonly #levels = new Map<string, { readonly ms: number; readonly atMs: number }>();

  /** Charges the organisation; false, and nothing is charged, when it has used up its time. */
  charge(organization: string, ms: number, nowMs: number): boolean {
    const known = this.#levels.get(organization);
    const leakedMs = known === undefined ? 0 : (Math.max(0, nowMs - known.atMs) * MS_PER_SECOND) / 1000;
    const level = Math.max(0, (known?.ms ?? 0) - leakedMs) + ms;
    if (level > BURST_MS) return false;
    this.#levels.delete(organization);
    this.#levels.set(organization, { ms: level, atMs: nowMs });
    const oldest = this.#levels.keys().next().value;
    if (this.#levels.size > ORGANIZATIONS_MAX && oldest !== undefined) this.#levels.delete(oldest);
    return true;
  }
}

/** All checks at this location share the ledger. */
const ledger = new ProbeLedger();

/**
 * The network of one check. What exceeds the free part is charged to the organisation, and the check ends with `NoTurn`
 * when the organisation has used up its time: large bodies of one organisation must not delay the checks of another.
 */
export function budgetedNetwork(network: Network, organization = '', shared = ledger): Network {
  let bytes = 0;
  let requests = 0;

  function charge(ms: number): void {
    if (ms <= 0 || shared.charge(organization, ms, Date.now())) return;
    throw new NoTurn(
      'the organization has used up its time for large bodies and redirects: ' +
        `${BURST_MS} ms at once and ${MS_PER_SECOND} ms in a second, at each location`,
    );
  }

  async function* charged(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      bytes += chunk.byteLength;
      charge(Math.min(chunk.byteLength, bytes - FREE_BYTES) * MS_PER_BYTE);
      yield chunk;
    }
  }

  return {
    async request(request, signal) {
      requests += 1;
      if (requests > FREE_REQUESTS) charge(MS_PER_REQUEST);
      const exchange = await network.request(request, signal);
      return { ...exchange, body: charged(exchange.body) };
    },
    decodes: network.decodes,
    decode: (coding, body) => charged(network.decode(coding, body)),
  };
}
