import { describe, expect, test } from 'vitest';
import { incident, monitor, result } from '../fixtures/answers.ts';
import { withEvent, withNewResult, withOpenIncident } from './live-cache.ts';

describe('a result of the live stream', () => {
  test('changes its own location and the time of the last check', () => {
    const after = withEvent(monitor(), { type: 'result', data: result({ responseTimeMs: 31 }) });
    expect(after.lastCheckAt).toBe('2026-11-22T14:01:00.000Z');
    expect(after.locations.map(({ id, responseTimeMs }) => [id, responseTimeMs])).toEqual([
      ['us-east', 80],
      ['eu-central', 31],
    ]);
  });

  test.each([
    ['failure', 'down'],
    ['timeout', 'down'],
    ['error', 'unknown'],
    ['success', 'up'],
  ] as const)('%s shows the location as %s', (outcome, status) => {
    const after = withEvent(monitor(), { type: 'result', data: result({ outcome }) });
    expect(after.locations[1]?.status).toBe(status);
  });

  test('of a check that nobody made shows why, and not that it was checked', () => {
    const before = monitor();
    const missed = result({ outcome: 'error', reason: 'overloaded', attempts: 0 });
    const after = withEvent(before, { type: 'result', data: missed });
    expect(after.lastCheckAt).toBe(before.lastCheckAt);
    expect(after.locations[1]).toMatchObject({
      status: 'unknown',
      reason: 'overloaded',
      lastCheckAt: before.locations[1]?.lastCheckAt,
    });
  });

  test('that comes late does not undo a newer one', () => {
    const before = monitor();
    expect(withEvent(before, { type: 'result', data: result({ startedAt: '2026-11-22T13:59:00.000Z' }) })).toBe(before);
  });

  test('of another monitor, or of a location no longer asked, changes nothing', () => {
    const before = monitor();
    expect(withEvent(before, { type: 'result', data: result({ monitorId: 'mon_other' }) })).toBe(before);
    expect(withEvent(before, { type: 'result', data: result({ location: 'sa-east' }) })).toBe(before);
  });
});

describe('a change of status', () => {
  const change = { monitorId: monitor().id, status: 'down', previous: 'up' } as const;

  test('is shown with the time it began', () => {
    const after = withEvent(monitor(), {
      type: 'monitor.status',
      data: { ...change, since: '2026-11-22T14:02:00.000Z' },
    });
    expect(after).toMatchObject({ status: 'down', statusSince: '2026-11-22T14:02:00.000Z' });
  });

  test('older than what is shown is ignored', () => {
    const since = '2026-11-19T00:00:00.000Z';
    expect(withEvent(monitor(), { type: 'monitor.status', data: { ...change, since } }).status).toBe('up');
  });
});

describe('an incident', () => {
  test('is named by its monitor while it is open', () => {
    const open = withEvent(monitor(), { type: 'incident', data: incident() });
    expect(open.openIncidentId).toBe('inc_1');
    const other = withEvent(open, { type: 'incident', data: incident({ id: 'inc_0', status: 'resolved' }) });
    expect(other.openIncidentId).toBe('inc_1');
    const resolved = withEvent(open, { type: 'incident', data: incident({ status: 'resolved' }) });
    expect(resolved.openIncidentId).toBeNull();
  });

  test('is counted once, newest first, until it is resolved', () => {
    const older = incident({ id: 'inc_0', startedAt: '2026-11-22T13:00:00.000Z' });
    const open = withOpenIncident(withOpenIncident([older], incident()), incident({ status: 'acknowledged' }));
    expect(open.map(({ id, status }) => [id, status])).toEqual([
      ['inc_1', 'acknowledged'],
      ['inc_0', 'open'],
    ]);
    expect(withOpenIncident(open, incident({ status: 'resolved' }))).toEqual([older]);
  });
});

describe('the list of recent results', () => {
  const early = result({ scheduledAt: '2026-11-22T14:00:00.000Z' });
  const late = result({ scheduledAt: '2026-11-22T14:02:00.000Z' });

  test('takes a result at its place in time, once', () => {
    const middle = result();
    const shown = withNewResult([late, early], middle, {});
    expect(shown).toEqual([late, middle, early]);
    expect(withNewResult(shown, middle, {})).toBe(shown);
  });

  test('keeps to its filter', () => {
    expect(withNewResult([], late, { outcome: 'failure' })).toEqual([]);
    expect(withNewResult([], late, { location: 'us-east' })).toEqual([]);
    expect(withNewResult([], late, { location: 'eu-central', outcome: 'success' })).toEqual([late]);
  });
});
