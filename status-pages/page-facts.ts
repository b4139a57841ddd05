import type { PageSnapshot } from '#domain/snapshot.ts';

/** Where a page lives, below its host. */
export function pagePath(slug: string): string {
  return `/status/${slug}`;
}

/** The newest change of what the page says, made by the core or observed at the edge. */
export function lastChange(page: PageSnapshot): string {
  const changes = [
    page.updatedAt,
    ...page.components.map((component) => component.statusSince ?? page.updatedAt),
    ...page.incidents.map((incident) => incident.updatedAt),
  ];
  return new Date(Math.max(...changes.map((change) => Date.parse(change)))).toISOString();
}
