import { requireJudgements } from './invariants/judged.ts';
import { requireFigures, requirePublished, requireUptimes } from './invariants/published.ts';
import { requireRollups } from './invariants/rollups.ts';
import { requireDarkness, requireParked, requireResults, requireRounds, requireStatuses } from './invariants/stored.ts';
import {
  readIncidentKeys,
  requireIncidents,
  requireNotifications,
  requireReceipts,
  requireTenancy,
} from './invariants/told.ts';
import type { Simulation } from './simulation.ts';

/** All invariants that must hold at the end of a seed, when nothing is under way. */
export async function requireInvariants(simulation: Simulation): Promise<void> {
  requireJudgements(simulation);
  await requireResults(simulation);
  await requireStatuses(simulation);
  await requireRounds(simulation);
  await requireIncidents(simulation);
  await requireNotifications(simulation);
  const keyOf = await readIncidentKeys(simulation);
  requireReceipts(simulation, keyOf);
  requireTenancy(simulation, keyOf);
  await requireRollups(simulation);
  await requirePublished(simulation);
  await requireFigures(simulation);
  await requireUptimes(simulation);
  await requireParked(simulation);
  await requireDarkness(simulation);
}
