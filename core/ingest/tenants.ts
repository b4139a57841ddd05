import type { Sql } from 'postgres';

/** Most monitors in the cache: about 4 MB. */
const REMEMBERED_MAX = 50_000;

/** The organisation of each monitor, cached because it never changes. */
export class Tenants {
  readonly #sql: Sql;
  readonly #known = new Map<string, string>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The organisations of those monitors that exist. */
  async of(monitorIds: Iterable<string>): Promise<ReadonlyMap<string, string>> {
    const asked = [...new Set(monitorIds)];
    const found = new Map<string, string>();
    const unknown: string[] = [];
    for (const id of asked) {
      const organizationId = this.#known.get(id);
      if (organizationId === undefined) unknown.push(id);
      else found.set(id, organizationId);
    }
    if (unknown.length === 0) return found;
    const rows = await this.#sql<{ id: string; organization_id: string }[]>`
      SELECT id, organization_id FROM monitors WHERE id = ANY(${unknown})`;
    for (const row of rows) {
      this.#remember(row.id, row.organization_id);
      found.set(row.id, row.organization_id);
    }
    return found;
  }

  #remember(monitorId: string, organizationId: string): void {
    if (this.#known.size >= REMEMBERED_MAX) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    this.#known.set(monitorId, organizationId);
  }
}
