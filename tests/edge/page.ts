import { newId } from '#domain/base/id.ts';
import type { PageSnapshot } from '#domain/page/snapshot.ts';
import { random } from './shard.ts';

/** A page with one component, as the core sends it. */
export function newPage(changes: Partial<PageSnapshot> = {}): PageSnapshot & { componentId: string } {
  const componentId = newId('cmp', Date.now(), random());
  const at = new Date().toISOString();
  const snapshot: PageSnapshot = {
    v: 1,
    slug: `page-${crypto.randomUUID().slice(0, 8)}`,
    pageId: newId('stp', Date.now(), random()),
    version: 1,
    name: 'Shop',
    description: null,
    createdAt: at,
    updatedAt: at,
    components: [
      {
        id: componentId,
        name: 'Checkout',
        description: null,
        group: null,
        monitored: true,
        status: 'pending',
        statusSince: null,
        observedAt: null,
        uptimePercent: null,
        days: [],
        createdAt: at,
      },
    ],
    incidents: [],
    ...changes,
  };
  return { ...snapshot, componentId };
}
