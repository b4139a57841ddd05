import { type ApiClient, createApiClient } from '#standalone/api-client.ts';
import { createMonitor } from '#tests/harness/scene.ts';

/**
 * API keys that create monitors at the same time. The API allows a key 100 requests a second after the first 1000.
 * Four keys halve the time per monitor; more do not help, because the core creates the monitors of a shard one by one.
 */
const KEYS = 4;

export interface CrowdOptions {
  readonly url: string;
  readonly intervalSeconds: number;
  readonly locations: readonly string[];
}

/** Any number of equal monitors, of which some are checked and the others are paused. */
export class Crowd {
  readonly #clients: readonly ApiClient[];
  readonly #options: CrowdOptions;
  readonly #ids: string[] = [];
  #active = 0;

  private constructor(clients: readonly ApiClient[], options: CrowdOptions) {
    this.#clients = clients;
    this.#options = options;
  }

  static async gather(origin: string, api: ApiClient, options: CrowdOptions): Promise<Crowd> {
    const keys = await Promise.all(
      Array.from({ length: KEYS }, (_, n) =>
        api.post<{ key: string }>('/api-keys', { name: `Bench ${n + 1}`, scopes: ['read', 'write'] }),
      ),
    );
    return new Crowd(
      keys.map(({ key }) => createApiClient(origin, key)),
      options,
    );
  }

  /** Ids of the monitors that are checked. */
  get active(): readonly string[] {
    return this.#ids.slice(0, this.#active);
  }

  /** Creates monitors until there are `count`; the new ones are paused. */
  async grow(count: number): Promise<void> {
    const { url, ...more } = this.#options;
    const first = this.#ids.length;
    await this.#each(first, count, async (api, n) => {
      const { id } = await createMonitor(api, `Monitor ${n + 1}`, url, { ...more, enabled: false });
      this.#ids[n] = id;
    });
  }

  /** Lets exactly `count` monitors be checked; creates the missing ones. */
  async activate(count: number): Promise<void> {
    const made = this.#ids.length;
    if (count > made && this.#active === made) {
      const { url, ...more } = this.#options;
      await this.#each(made, count, async (api, n) => {
        this.#ids[n] = (await createMonitor(api, `Monitor ${n + 1}`, url, more)).id;
      });
    } else {
      await this.grow(count);
      await this.#each(this.#active, count, async (api, n) => {
        await api.post(`/monitors/${this.#ids[n]}/resume`);
      });
      await this.#each(count, this.#active, async (api, n) => {
        await api.post(`/monitors/${this.#ids[n]}/pause`);
      });
    }
    this.#active = count;
  }

  /**
   * Each client works on an equal, contiguous part of [from, to). Neighbouring monitors are in one shard, whose row the
   * core locks for every change: with contiguous parts the clients rarely wait for each other's lock.
   */
  async #each(from: number, to: number, work: (api: ApiClient, n: number) => Promise<void>): Promise<void> {
    const stretch = Math.ceil(Math.max(0, to - from) / this.#clients.length);
    await Promise.all(
      this.#clients.map(async (api, client) => {
        const first = from + client * stretch;
        for (let n = first; n < Math.min(first + stretch, to); n += 1) await work(api, n);
      }),
    );
  }
}
