import { derivedId } from '#domain/base/id.ts';
import { atlassianComponentStatus, atlassianGroupStatus, type PageIndicator } from '#domain/page/page-status.ts';
import type { PageComponent, PageIncident, PageSnapshot } from '#domain/page/snapshot.ts';
import { lastChange, pageAnswer } from './page-facts.ts';

/**
 * The page in the shape of Atlassian's Statuspage API v2 (https://metastatuspage.com/api/v2), for programs that read
 * such pages. `url` is the page's public address.
 */
export type AtlassianDocument = (page: PageSnapshot, url: string) => Record<string, unknown>;

const IMPACTS = {
  critical: 'critical',
  major: 'major',
  minor: 'minor',
  info: 'none',
} as const satisfies Record<PageIncident['severity'], PageIndicator>;

export const ATLASSIAN_DOCUMENTS = {
  'summary.json': (page, url) => ({
    page: pageObject(page, url),
    components: components(page),
    incidents: unresolved(page).map((incident) => incidentObject(page, incident, url)),
    // Not supported in this version; the key is part of the shape.
    scheduled_maintenances: [],
    status: statusObject(page),
  }),
  'status.json': (page, url) => ({ page: pageObject(page, url), status: statusObject(page) }),
  'components.json': (page, url) => ({ page: pageObject(page, url), components: components(page) }),
  'incidents.json': (page, url) => ({
    page: pageObject(page, url),
    incidents: page.incidents.map((incident) => incidentObject(page, incident, url)),
  }),
  'incidents/unresolved.json': (page, url) => ({
    page: pageObject(page, url),
    incidents: unresolved(page).map((incident) => incidentObject(page, incident, url)),
  }),
} as const satisfies Record<string, AtlassianDocument>;

function pageObject(page: PageSnapshot, url: string) {
  return {
    id: page.pageId,
    name: page.name,
    url,
    time_zone: 'Etc/UTC',
    updated_at: lastChange(page),
  };
}

function statusObject(page: PageSnapshot) {
  const { indicator, sentence } = pageAnswer(page);
  return { indicator, description: sentence };
}

/** Groups are components too: each comes before its first member and lists all members. */
function components(page: PageSnapshot) {
  const names = page.components.map((component) => component.group);
  return page.components
    .flatMap((component, index) => {
      const member = componentObject(page, component);
      if (component.group === null || names.indexOf(component.group) < index) return [member];
      return [groupObject(page, component.group), member];
    })
    .map((component, index) => ({ ...component, position: index + 1 }));
}

function componentObject(page: PageSnapshot, component: PageComponent) {
  return {
    id: component.id,
    name: component.name,
    status: atlassianComponentStatus(component.status),
    created_at: component.createdAt,
    updated_at: component.statusSince ?? page.updatedAt,
    description: component.description,
    showcase: component.monitored,
    start_date: component.createdAt.slice(0, 10),
    group_id: component.group === null ? null : groupId(page, component.group),
    page_id: page.pageId,
    group: false,
    only_show_if_degraded: false,
  };
}

function groupObject(page: PageSnapshot, name: string) {
  const members = page.components.filter((component) => component.group === name);
  return {
    id: groupId(page, name),
    name,
    status: atlassianGroupStatus(members.map((member) => member.status)),
    created_at: page.createdAt,
    updated_at: page.updatedAt,
    description: null,
    showcase: false,
    start_date: null,
    group_id: null,
    page_id: page.pageId,
    group: true,
    only_show_if_degraded: false,
    components: members.map((member) => member.id),
  };
}

/** The id of a group, derived from its name, because a group is a name on its members. */
function groupId(page: PageSnapshot, name: string): string {
  return derivedId('cmp', Date.parse(page.createdAt), page.pageId, 'group', name);
}

function unresolved(page: PageSnapshot): readonly PageIncident[] {
  return page.incidents.filter((incident) => incident.status !== 'resolved');
}

function incidentObject(page: PageSnapshot, incident: PageIncident, url: string) {
  const affected = components(page).filter((component) => incident.componentIds.includes(component.id));
  return {
    id: incident.id,
    name: incident.title,
    status: incident.status,
    created_at: incident.startedAt,
    updated_at: incident.updatedAt,
    monitoring_at: incident.updates.findLast((update) => update.status === 'monitoring')?.at ?? null,
    resolved_at: incident.resolvedAt,
    impact: IMPACTS[incident.severity],
    shortlink: `${url}#${incident.id}`,
    started_at: incident.startedAt,
    page_id: page.pageId,
    incident_updates: incident.updates.map((update) => ({
      id: update.id,
      status: update.status,
      body: update.body,
      incident_id: incident.id,
      created_at: update.at,
      updated_at: update.at,
      display_at: update.at,
      // The components that an update changed are not recorded; these are the incident's.
      affected_components: affected.map((component) => ({ code: component.id, name: component.name })),
      deliver_notifications: false,
      custom_tweet: null,
      tweet_id: null,
    })),
    components: affected,
  };
}
