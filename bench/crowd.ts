import { type ApiClient, createApiClient } from '#standalone/api-client.ts';
import { createMonitor } from '#tests/harness/scene.ts';

/**
 * The API lets one key make 100 requests a second after the first 1000. One after another, 2000 monitors also waited
 * for 2000 commits, where the database can take several at once.
 */
const KEYS = 8;

export interface CrowdOptions {
  readonly url: string;
  readonly intervalSeconds: number;
  readonly locations: readonly string[];
}

/** Any number of equal monitors, of which some are checked and the others pause. */
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

  /** Those that are checked. */
  get active(): readonly string[] {
    return this.#ids.slice(0, this.#active);
  }

  /** Makes monitors until there are `count`; the new ones pause. */
  async grow(count: number): Promise<void> {
    const { url, ...more } = this.#options;
    const first = this.#ids.length;
    await this.#each(first, count, async (api, n) => {
      const { id } = await createMonitor(api, `Monitor ${n + 1}`, url, { ...more, enabled: false });
      this.#ids[n] = id;
    });
  }

  /** Lets exactly `count` monitors be checked, making those that are lacking. */
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

  /** Each client does the next one in [from, to) that nobody has begun. */
  async #each(from: number, to: number, work: (api: ApiClient, n: number) => Promise<void>): Promise<void> {
    let next = from;
    await Promise.all(
      this.#clients.map(async (api) => {
        while (next < to) await work(api, next++);
      }),
    );
  }
}
