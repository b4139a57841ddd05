import { type PageState, pageState } from '#domain/page/page-status.ts';
import type { PageSnapshot } from '#domain/page/snapshot.ts';

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

/** The page in one sentence: the domain's, except that a page on which nothing was checked makes no promise. */
export function pageAnswer(page: PageSnapshot): PageState {
  const quiet = page.incidents.every((incident) => incident.status === 'resolved');
  if (quiet && page.components.every((component) => component.status === 'pending')) {
    const sentence = page.components.length === 0 ? 'Nothing is shown here yet' : 'Waiting for the first checks';
    return { indicator: 'none', status: 'unknown', sentence };
  }
  return pageState(page.components, page.incidents);
}
