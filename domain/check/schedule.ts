import { murmur3 } from '../base/id.ts';

/**
 * The grid of the schedule: slot k of a monitor is `phase + k x interval` since the epoch. A round is named by its
 * slot, so a late, repeated or resumed alarm names the same rounds again.
 */
export interface Cadence {
  readonly monitorId: string;
  readonly intervalSeconds: number;
}

export function cadenceOf(monitor: { readonly id: string; readonly intervalSeconds: number }): Cadence {
  return { monitorId: monitor.id, intervalSeconds: monitor.intervalSeconds };
}

/** Slots fall on quarters of a second. This spreads the load and still lets the monitors of a shard share alarms. */
const GRID_MS = 250;

/** Offset of the monitor's grid in [0, interval), in milliseconds, spread by the monitor's id. */
export function phaseMs(cadence: Cadence): number {
  const steps = (cadence.intervalSeconds * 1000) / GRID_MS;
  return (murmur3(cadence.monitorId, 0) % steps) * GRID_MS;
}

/** The newest slot at or before `atMs`. */
export function slotAtOrBefore(cadence: Cadence, atMs: number): number {
  const interval = cadence.intervalSeconds * 1000;
  const phase = phaseMs(cadence);
  return phase + Math.floor((atMs - phase) / interval) * interval;
}

/** The first slot strictly after `afterMs`. */
export function slotAfter(cadence: Cadence, afterMs: number): number {
  return slotAtOrBefore(cadence, afterMs) + cadence.intervalSeconds * 1000;
}

/**
 * Slots in (afterMs, untilMs], oldest first. When there are more than `limit`, the newest `limit` of them, so that a
 * shard that slept for a week does not process a week of slots.
 */
export function slotsBetween(cadence: Cadence, afterMs: number, untilMs: number, limit: number): number[] {
  const interval = cadence.intervalSeconds * 1000;
  const slots: number[] = [];
  const oldest = slotAfter(cadence, afterMs);
  for (let slot = slotAtOrBefore(cadence, untilMs); slot >= oldest && slots.length < limit; slot -= interval) {
    slots.push(slot);
  }
  return slots.reverse();
}
