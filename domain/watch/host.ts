import type { ComponentState } from '../page/snapshot.ts';
import type { AssignedMonitor } from '../wire/wire.ts';
import { inSlotOrder, type Round } from './round.ts';
import type { WatchInput, WatchState } from './watch.ts';

/** Decisions beside the reducer that all hosts of watches share. Hosts are the shard object and the simulation. */

/** A monitor as it was assigned, and the state of its watch. */
export interface Watch {
  readonly assigned: AssignedMonitor;
  readonly state: WatchState;
}

/** Something that happened to one of a host's watches. */
export interface Happening {
  readonly monitorId: string;
  readonly input: WatchInput;
}

/** Answers that arrive within this time become one commit. Nobody sees a fifth of a second on a screen. */
const COMMIT_LINGER_MS = 200;
/** The same for an answer that may change the monitor's status: it may page somebody. */
const URGENT_LINGER_MS = 20;

/** How long a happening may wait for others to be committed with it, in milliseconds. */
export function lingerMs(watch: Watch | undefined, input: WatchInput): number {
  if (watch === undefined || input.kind !== 'answered') return COMMIT_LINGER_MS;
  const isSuccess = input.answer.outcome.outcome === 'success';
  return isSuccess === (watch.state.status === 'up') ? COMMIT_LINGER_MS : URGENT_LINGER_MS;
}

/** The part of a watch's state that a host stores with its monitor. Rounds in flight are stored apart from it. */
export type StoredWatchState = Omit<WatchState, 'votedMs' | 'rounds'>;

/** The stored part of a watch's state. */
export function storedState({ votedMs: _anew, rounds: _apart, ...stored }: WatchState): StoredWatchState {
  return stored;
}

/**
 * A watch as its host finds it after a restart. Every slot up to `startedMs` was started before. None of these slots is
 * started again, also when the clock was set back meanwhile.
 */
export function wokenWatch(
  assigned: AssignedMonitor,
  stored: StoredWatchState,
  rounds: readonly Round[],
  startedMs: number,
  nowMs: number,
): Watch {
  const state = { ...stored, votedMs: nowMs, rounds: inSlotOrder(rounds) };
  if (startedMs <= nowMs) return { assigned, state };
  return { assigned, state: { ...state, takenMs: Math.max(startedMs, stored.takenMs ?? startedMs) } };
}

/** The states that must be sent to page objects because the monitor's status or its components have changed. */
export function componentsToTell(
  before: Watch | undefined,
  { assigned, state }: Watch,
): { readonly slug: string; readonly state: ComponentState }[] {
  const known = before?.state.status === state.status ? before.assigned.components : [];
  return assigned.components
    .filter(({ slug, componentId }) => !known.some((one) => one.slug === slug && one.componentId === componentId))
    .map(({ slug, componentId }) => ({
      slug,
      state: {
        componentId,
        status: state.status,
        since: new Date(state.statusSinceMs).toISOString(),
        observedAt: new Date(state.statusAtMs).toISOString(),
      },
    }));
}
