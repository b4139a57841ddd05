import type { StatusPage } from '#domain/api/status-page.ts';
import { newRowKey } from './row-key.ts';

/** A status page in its form: text as typed, empty where nothing is chosen. */
export interface PageDraft {
  readonly name: string;
  readonly slug: string;
  readonly description: string;
  readonly showMonitorNames: boolean;
  readonly components: readonly ComponentDraft[];
}

export interface ComponentDraft {
  readonly key: string;
  readonly id?: string;
  readonly name: string;
  readonly description: string;
  readonly group: string;
  readonly monitorId: string;
}

export function pageDraftOf(page: StatusPage): PageDraft {
  return {
    name: page.name,
    slug: page.slug,
    description: page.description ?? '',
    showMonitorNames: page.showMonitorNames,
    components: page.components.map((component) => ({
      key: component.id,
      id: component.id,
      name: component.name,
      description: component.description ?? '',
      group: component.group ?? '',
      monitorId: component.monitorId ?? '',
    })),
  };
}

/** The first draft of a page, with every monitor as a component. */
export function pageDraftWith(monitors: readonly { readonly id: string; readonly name: string }[]): PageDraft {
  return {
    name: '',
    slug: '',
    description: '',
    showMonitorNames: false,
    components: monitors.map(({ id, name }) => ({ key: newRowKey(), name, description: '', group: '', monitorId: id })),
  };
}

/** The body of POST /status-pages, not yet validated. */
export function pageRequestOf(draft: PageDraft) {
  return {
    name: draft.name.trim(),
    slug: draft.slug.trim(),
    description: draft.description.trim() === '' ? null : draft.description.trim(),
    showMonitorNames: draft.showMonitorNames,
    components: draft.components.map(({ id, name, description, group, monitorId }) => ({
      ...(id === undefined ? {} : { id }),
      name: name.trim(),
      description: description.trim() === '' ? null : description.trim(),
      group: group.trim() === '' ? null : group.trim(),
      monitorId: monitorId === '' ? null : monitorId,
    })),
  };
}

/** "Acme Inc. Status" → "acme-inc-status". */
export function slugOf(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-|-$/g, '');
}
