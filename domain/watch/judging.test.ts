import { describe, expect, it } from 'vitest';
import { LOCATION_IDS } from '../check/location.ts';
import { type AssignedMonitor, assignedMonitorSchema } from '../wire/wire.ts';
import { initialState, type JudgedRound, judge, pause, resume } from './judging.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

function newMonitor(): AssignedMonitor {
  return assignedMonitorSchema.parse({
    id: 'mon_01jzzzzzzz0000000000000000',
    name: 'Shop',
    intervalSeconds: 3600,
    timeoutMs: 2000,
    locations: LOCATION_IDS,
    enabled: true,
    quorum: null,
    rules: [],
    components: [],
    type: 'http',
    config: { url: 'https://shop.example.com/' },
  });
}

function roundOf({ locations }: AssignedMonitor, slotMs: number, outcome: 'success' | 'failure'): JudgedRound {
  return {
    slotMs,
    traceId: '0'.repeat(32),
    asked: locations,
    outcomes: new Map(locations.map((location) => [location, outcome])),
    failing: new Map(),
    judged: false,
  };
}

describe('changes of one monitor', () => {
  it('are told at times that differ, in their order, even when all of it happens in one millisecond', () => {
    const monitor = newMonitor();
    const paused = pause(monitor, initialState(NOW_MS), NOW_MS);
    const resumed = resume(monitor, paused.state, NOW_MS);
    const down = judge(monitor, resumed.state, roundOf(monitor, NOW_MS - 2000, 'failure'), [], NOW_MS);
    const up = judge(monitor, down?.state ?? resumed.state, roundOf(monitor, NOW_MS - 1000, 'success'), [], NOW_MS);
    const events = [paused, resumed, down, up].flatMap((judgement) => judgement?.events ?? []);
    const changes = events.filter((event) => event.kind === 'monitor.status');
    expect(changes.map((change) => change.status)).toEqual(['paused', 'pending', 'down', 'up']);
    const times = changes.map((change) => Date.parse(change.at));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(times).size).toBe(4);
    expect(new Set(changes.map((change) => change.id)).size).toBe(4);
  });
});
