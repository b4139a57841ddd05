import { startTestCore, type TestCore } from '#tests/core/test-core.ts';
import { createTestDatabase } from '#tests/database.ts';
import { requireInvariants } from './invariants.ts';
import { openInProcessRoad, openJetStreamRoad, type Road } from './road.ts';
import { simulateTimeIn } from './simulated-time.ts';
import { Simulation } from './simulation.ts';

/** The carriers of events that a seed can be played over, each a maker of one for a single play. */
const STREAMS = { 'in-process': openInProcessRoad, jetstream: openJetStreamRoad } as const satisfies Record<
  string,
  (core: TestCore) => Promise<Road>
>;

export type SimulatedStreams = keyof typeof STREAMS;
export const SIMULATED_STREAMS = Object.keys(STREAMS) as SimulatedStreams[];

export interface PlayOptions {
  readonly streams?: SimulatedStreams;
}

/**
 * Plays one seed from its beginning to its end, on an empty database of its own on the server TEST_DATABASE_URL.
 * Throws what went wrong, with the story that led there; the database of a seed that failed is kept.
 */
export async function playSeed(seed: number, { streams = 'in-process' }: PlayOptions = {}): Promise<void> {
  const database = await createTestDatabase();
  await simulateTimeIn(database.url);
  let kept = true;
  const core = await startTestCore({ url: database.url, drop: async () => (kept ? undefined : database.drop()) });
  try {
    const road = await STREAMS[streams](core);
    try {
      const simulation = new Simulation(seed, core, road);
      await simulation.play();
      await requireInvariants(simulation);
    } finally {
      await road.close();
    }
    kept = false;
  } finally {
    await core.close();
  }
}
