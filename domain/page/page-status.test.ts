import { describe, expect, it } from 'vitest';
import { MONITOR_STATUSES, type MonitorStatus } from '../check/status.ts';
import { atlassianComponentStatus, atlassianGroupStatus, currentComponent, pageState } from './page-status.ts';
import type { ComponentState, PageComponent } from './snapshot.ts';

function page(statuses: readonly MonitorStatus[], incidents: Parameters<typeof pageState>[1] = []) {
  return pageState(
    statuses.map((status) => ({ status })),
    incidents,
  );
}

describe('the page in one sentence', () => {
  it.each([
    [[], 'none', 'All systems operational'],
    [['up', 'up', 'paused', 'pending'], 'none', 'All systems operational'],
    [['up', 'unknown', 'unknown'], 'none', 'No current data for 2 of 3 systems'],
    [['unknown', 'paused', 'pending'], 'none', 'No current data'],
    [['pending'], 'none', 'No current data'],
    [['paused', 'paused'], 'none', 'No current data'],
    [['degraded'], 'minor', 'The system is degraded'],
    [['up', 'degraded'], 'minor', '1 of 2 systems is degraded'],
    [['up', 'maintenance'], 'minor', '1 of 2 systems is under maintenance'],
    [['up', 'degraded', 'down'], 'major', '1 of 3 systems is down'],
    [['up', 'down', 'down'], 'major', '2 of 3 systems are down'],
    [['down'], 'critical', 'Outage'],
    [['down', 'down'], 'critical', 'All systems are down'],
  ] as const)('%j', (statuses, indicator, sentence) => {
    expect(page(statuses)).toMatchObject({ indicator, sentence });
  });

  it('mentions an open incident only when no component tells more', () => {
    const open = [{ status: 'investigating', severity: 'critical' }] as const;
    expect(page(['up'], open)).toMatchObject({ indicator: 'minor', sentence: 'An incident is open' });
    expect(page(['down'], open).sentence).toBe('Outage');
    expect(page(['up'], [{ status: 'resolved', severity: 'critical' }]).indicator).toBe('none');
    expect(page(['up'], [{ status: 'monitoring', severity: 'info' }]).indicator).toBe('none');
  });
});

describe("Atlassian's words", () => {
  it('exist for every status', () => {
    expect(MONITOR_STATUSES.map(atlassianComponentStatus)).toEqual([
      'operational',
      'operational',
      'degraded_performance',
      'major_outage',
      'operational',
      'operational',
      'under_maintenance',
    ]);
  });

  it('tell a partial outage of a group from a whole one', () => {
    expect(atlassianGroupStatus(['down', 'up'])).toBe('partial_outage');
    expect(atlassianGroupStatus(['down', 'down'])).toBe('major_outage');
    expect(atlassianGroupStatus(['degraded', 'maintenance'])).toBe('degraded_performance');
    expect(atlassianGroupStatus(['maintenance', 'up'])).toBe('under_maintenance');
    expect(atlassianGroupStatus([])).toBe('operational');
  });
});

describe('a component between snapshot and edge', () => {
  const snapshot: PageComponent = {
    id: 'cmp_1',
    name: 'Shop',
    description: null,
    group: null,
    monitored: true,
    status: 'up',
    statusSince: '2026-11-01T00:00:00Z',
    observedAt: '2026-11-22T10:00:00Z',
    uptimePercent: 100,
    days: [],
    createdAt: '2026-11-01T00:00:00Z',
  };
  const edge = (observedAt: string): ComponentState => ({
    componentId: 'cmp_1',
    status: 'down',
    since: observedAt,
    observedAt,
  });

  it.each([
    ['a newer round at the edge wins', snapshot, edge('2026-11-22T10:00:05Z'), 'down'],
    ['the same round: the edge judged it itself', snapshot, edge('2026-11-22T10:00:00.000Z'), 'down'],
    ['an older round does not', snapshot, edge('2026-11-22T09:59:55Z'), 'up'],
    ['anything beats never', { ...snapshot, observedAt: null }, edge('2026-11-01T00:00:00Z'), 'down'],
    ['nothing from the edge', snapshot, undefined, 'up'],
    [
      'a component without a monitor stays as it was set',
      { ...snapshot, monitored: false },
      edge('2027-01-01T00:00:00Z'),
      'up',
    ],
  ])('%s', (_reason, component, state, status) => {
    expect(currentComponent(component, state).status).toBe(status);
  });
});
