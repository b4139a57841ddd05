import type { TestCore } from '#tests/core/test-core.ts';
import type { Installation } from './installation.ts';
import { requireInvariants } from './invariants.ts';
import { openInProcessRoad, openJetStreamRoad, type Road } from './road.ts';
import { Simulation } from './simulation.ts';

/** The streams that a seed can be played over. Each function makes the stream for one play. */
const STREAMS = { 'in-process': openInProcessRoad, jetstream: openJetStreamRoad } as const satisfies Record<
  string,
  (core: TestCore) => Promise<Road>
>;

export type SimulatedStreams = keyof typeof STREAMS;
export const SIMULATED_STREAMS = Object.keys(STREAMS) as SimulatedStreams[];

/** How much happened in a seed. */
export interface PlayedSeed {
  /** Events of the shard. */
  readonly events: number;
  readonly verdicts: number;
  /** Page snapshots that the edge took. */
  readonly pages: number;
  /** Deliveries that reached a channel's endpoint. */
  readonly messages: number;
}

/**
 * Plays one seed from its beginning to its end. Throws an error with the fault and what happened before. An installation
 * whose seed has failed must not be used for another.
 */
export async function playSeed(
  installation: Installation,
  seed: number,
  streams: SimulatedStreams,
): Promise<PlayedSeed> {
  await installation.empty();
  const road = await STREAMS[streams](installation.core);
  try {
    const simulation = new Simulation(seed, installation.core, road);
    await simulation.play();
    await requireInvariants(simulation);
    return {
      events: simulation.shard.told.length,
      verdicts: simulation.shard.told.filter(({ kind }) => kind === 'round.judged').length,
      pages: simulation.edge.pagesTaken,
      messages: simulation.receiver.receipts.length,
    };
  } finally {
    await road.close();
  }
}
