import { slotAtOrBefore } from '#domain/schedule.ts';
import type { AssignedMonitor } from '#domain/wire.ts';
import { endAlerts, initialState, type Judgement, type MonitorState, pause, resume } from './judging.ts';
import { cadenceOf } from './round.ts';
import type { ShardMonitor } from './shard-storage.ts';

/** What a new assignment means for one monitor. */
export interface MonitorChange extends Judgement {
  readonly fromMs: number;
  /** Its schedule begins now: a round for the current slot is due at once. */
  readonly startNow: boolean;
}

/** The monitor is new to the shard, or was assigned before; its rest follows from the difference. */
export function assign(before: ShardMonitor | undefined, assigned: AssignedMonitor, nowMs: number): MonitorChange {
  if (before === undefined) return begin(assigned, nowMs);
  const gone = goneRules(before.assigned, assigned);
  const kept = endAlerts(before.assigned, before.state, gone, 'rule_removed', nowMs);
  const changed = toggle(before.assigned, assigned, kept.state, nowMs);
  const retimed = before.assigned.intervalSeconds !== assigned.intervalSeconds;
  const startNow = assigned.enabled && (retimed || !before.assigned.enabled);
  return {
    // Rounds of the old schedule may still be on their way: only the round that starts now, or a later one, counts.
    state: startNow ? { ...changed.state, judgedMs: slotAtOrBefore(cadenceOf(assigned), nowMs) } : changed.state,
    events: [...kept.events, ...changed.events],
    fromMs: startNow ? nowMs : before.fromMs,
    startNow,
  };
}

/** The monitor is no longer the shard's: an alert that fires ends with it. */
export function unassign({ assigned, state }: ShardMonitor, nowMs: number): Judgement {
  return endAlerts(assigned, state, Object.keys(state.alerts), 'deleted', nowMs);
}

function begin(assigned: AssignedMonitor, nowMs: number): MonitorChange {
  const state = initialState(nowMs);
  const judgement = assigned.enabled ? { state, events: [] } : pause(assigned, state, nowMs);
  return { ...judgement, fromMs: nowMs, startNow: assigned.enabled };
}

function toggle(before: AssignedMonitor, after: AssignedMonitor, state: MonitorState, nowMs: number): Judgement {
  if (before.enabled && !after.enabled) return pause(after, state, nowMs);
  if (!before.enabled && after.enabled) return resume(after, state, nowMs);
  return { state, events: [] };
}

function goneRules(before: AssignedMonitor, after: AssignedMonitor): string[] {
  return before.rules.map((rule) => rule.id).filter((id) => !after.rules.some((rule) => rule.id === id));
}
