import { cadenceOf, slotAtOrBefore } from '../check/schedule.ts';
import type { AssignedMonitor } from '../wire/wire.ts';
import { endAlerts, initialState, type Judgement, type MonitorState, pause, resume, suspended } from './judging.ts';

/** A monitor as its shard keeps it: what was assigned, since when it is scheduled, and how it is. */
export interface ShardMonitor {
  assigned: AssignedMonitor;
  fromMs: number;
  state: MonitorState;
}

/** What a new assignment means for one monitor. */
export interface MonitorChange extends Judgement {
  readonly fromMs: number;
  /** Its schedule begins now: a round for the current slot is due at once. */
  readonly startNow: boolean;
}

/** The monitor is new to the shard, or was assigned before; its rest follows from the difference. */
export function assign(before: ShardMonitor | undefined, assigned: AssignedMonitor, nowMs: number): MonitorChange {
  if (before === undefined) return begin(assigned, nowMs);
  const state = { ...before.state, alerts: handOver(before.assigned, assigned, before.state.alerts) };
  const gone = rulesOnlyIn(before.assigned, assigned);
  const kept = endAlerts(before.assigned, state, gone, 'rule_removed', nowMs);
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

/** What is asked of the monitor is not understood: it is not checked, and its alerts stay as they are. */
export function suspend({ assigned, state, fromMs }: ShardMonitor, nowMs: number): MonitorChange {
  return { ...suspended(assigned, state, nowMs), fromMs, startNow: false };
}

function begin(assigned: AssignedMonitor, nowMs: number): MonitorChange {
  const state = initialState(nowMs);
  const judgement = assigned.enabled ? { state, events: [] } : pause(assigned, state, nowMs);
  return { ...judgement, fromMs: nowMs, startNow: assigned.enabled };
}

function toggle(before: AssignedMonitor, after: AssignedMonitor, state: MonitorState, nowMs: number): Judgement {
  // One that was suspended is not paused yet, though it is not checked either.
  if (!after.enabled && state.status !== 'paused') return pause(after, state, nowMs);
  if (!before.enabled && after.enabled) return resume(after, state, nowMs);
  return { state, events: [] };
}

/**
 * A rule that takes another's place takes over its alert too: the cause is the same, so nobody is told of an end
 * and of a new beginning.
 */
function handOver(before: AssignedMonitor, after: AssignedMonitor, alerts: MonitorState['alerts']) {
  const handed = { ...alerts };
  const fresh = rulesOnlyIn(after, before);
  for (const gone of rulesOnlyIn(before, after)) {
    const alert = handed[gone];
    if (alert === undefined || alert.alertId === null) continue;
    const heir = fresh.shift();
    if (heir === undefined) break;
    handed[heir] = alert;
    delete handed[gone];
  }
  return handed;
}

function rulesOnlyIn(one: AssignedMonitor, other: AssignedMonitor): string[] {
  return one.rules.map((rule) => rule.id).filter((id) => !other.rules.some((rule) => rule.id === id));
}
