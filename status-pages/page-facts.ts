import { type PageState, pageState } from '#domain/page/page-status.ts';
import type { PageSnapshot } from '#domain/page/snapshot.ts';

/** The path of a page on its host. */
export function pagePath(slug: string): string {
  return `/status/${slug}`;
}

/** The newest change of the page's content, by the core or by the edge. */
export function lastChange(page: PageSnapshot): string {
  const changes = [
    page.updatedAt,
    ...page.components.map((component) => component.statusSince ?? page.updatedAt),
    ...page.incidents.map((incident) => incident.updatedAt),
  ];
  return new Date(Math.max(...changes.map((change) => Date.parse(change)))).toISOString();
}

/** The page's state of the domain, except that a page without any checked component makes no promise. */
export function pageAnswer(page: PageSnapshot): PageState {
  const quiet = page.incidents.every((incident) => incident.status === 'resolved');
  if (quiet && page.components.every((component) => component.status === 'pending')) {
    const sentence = page.components.length === 0 ? 'Nothing is shown here yet' : 'Waiting for the first checks';
    return { indicator: 'none', status: 'unknown', sentence };
  }
  return pageState(page.components, page.incidents);
}
