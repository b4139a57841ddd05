import type { PageComponent, PageIncident, PageSnapshot } from '#domain/page/snapshot.ts';

/** Builders for tests: a page without faults, with the given changes. */
export const SAMPLE_NOW_MS = Date.parse('2026-11-22T14:20:00.000Z');

export function samplePage(different: Partial<PageSnapshot> = {}): PageSnapshot {
  return {
    v: 1,
    slug: 'northwind',
    pageId: 'stp_1',
    version: 1,
    name: 'Northwind',
    description: null,
    createdAt: '2026-05-01T00:00:00.000Z',
    updatedAt: '2026-11-20T08:00:00.000Z',
    components: [sampleComponent()],
    incidents: [],
    ...different,
  };
}

export function sampleComponent(different: Partial<PageComponent> = {}): PageComponent {
  return {
    id: 'cmp_web',
    name: 'Website',
    description: null,
    group: null,
    monitored: true,
    status: 'up',
    statusSince: '2026-11-01T00:00:00.000Z',
    observedAt: '2026-11-22T14:19:55.000Z',
    uptimePercent: 100,
    days: [{ date: '2026-11-22', uptimePercent: 100, downSeconds: 0 }],
    createdAt: '2026-05-01T00:00:00.000Z',
    ...different,
  };
}

export function sampleIncident(different: Partial<PageIncident> = {}): PageIncident {
  return {
    id: 'inc_1',
    title: 'Website is down',
    status: 'investigating',
    severity: 'critical',
    startedAt: '2026-11-22T14:02:00.000Z',
    updatedAt: '2026-11-22T14:04:00.000Z',
    resolvedAt: null,
    componentIds: ['cmp_web'],
    updates: [],
    ...different,
  };
}
