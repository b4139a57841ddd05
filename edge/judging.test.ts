import { describe, expect, it } from 'vitest';
import { newMonitor } from '#tests/edge/shard.ts';
import { initialState, judge, pause, resume } from './judging.ts';
import { newRound, type Round } from './round.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

function roundOf(monitor: ReturnType<typeof newMonitor>, slotMs: number, outcome: 'success' | 'failure'): Round {
  const round = newRound(monitor, slotMs, false);
  for (const location of round.asked) round.outcomes.set(location, outcome);
  return round;
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
