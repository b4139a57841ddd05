import { eventually } from '#tests/harness/eventually.ts';
import { untilStatus } from '#tests/harness/scene.ts';
import type { Stage } from './stage.ts';

/** Most time for a webhook to arrive, and for the recovery. An outage that takes longer has failed. */
export const OUTAGE_TIMEOUT_MS = 60_000;

export interface Told {
  readonly incidentId: string;
  readonly diedAt: number;
  /** Arrival of `incident.opened`. */
  readonly toldAt: number;
}

/** Lets the scene's target die, waits for the webhook, revives the target and waits until its monitor is up again. */
export async function playOutage({ scene, api }: Stage, monitorId: string): Promise<Told> {
  const { target, receiver } = scene;
  const before = receiver.ofType('incident.opened', monitorId).length;
  const diedAt = Date.now();
  await target.die();
  try {
    const webhook = await eventually(
      'the webhook',
      () => receiver.ofType('incident.opened', monitorId)[before],
      OUTAGE_TIMEOUT_MS,
    );
    return { incidentId: webhook.data.incident?.id ?? '', diedAt, toldAt: webhook.at };
  } finally {
    await target.revive();
    await untilStatus(api, monitorId, 'up', OUTAGE_TIMEOUT_MS);
    const openIncidents = `/incidents?status=open&monitorId=${monitorId}`;
    const noneOpen = async () => (await api.get<{ data: unknown[] }>(openIncidents)).data.length === 0;
    await eventually('no open incident', noneOpen, OUTAGE_TIMEOUT_MS);
  }
}
