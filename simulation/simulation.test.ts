import { afterAll, describe, test } from 'vitest';
import { Installation } from './installation.ts';
import { playSeed, SIMULATED_STREAMS, type SimulatedStreams } from './play-seed.ts';

/**
 * A seed draws outages, actions of people and faults. To play one seed again, or many from a number on:
 * BLACKTIDE_SIMULATION_SEED=17 npx vitest run --project core simulation
 * BLACKTIDE_SIMULATION_SEED=1000 BLACKTIDE_SIMULATION_RUNS=300 npx vitest run --project core simulation
 */
const { BLACKTIDE_SIMULATION_SEED: first, BLACKTIDE_SIMULATION_RUNS: runs } = process.env;

/**
 * Seeds that every run of the suite plays. A seed that has found a fault is added here.
 */
const SEEDS = { 'in-process': [1, 3], jetstream: [2, 207] } as const satisfies Record<
  SimulatedStreams,
  readonly number[]
>;

const chosen = Array.from({ length: Number(runs ?? 1) }, (_, index) => Number(first ?? 1) + index);
/** A seed takes a few seconds on an idle machine. */
const TIMEOUT_MS = 180_000;

let installation: Installation | undefined;
afterAll(() => installation?.close());

describe.each(SIMULATED_STREAMS)('%s', (streams) => {
  test.each(first === undefined && runs === undefined ? [...SEEDS[streams]] : chosen)(
    'seed %i: whatever goes wrong, nothing is lost, told twice, told to others or judged otherwise than it was seen',
    async (seed) => {
      installation ??= await Installation.open();
      try {
        await playSeed(installation, seed, streams);
      } catch (error) {
        installation.keepDatabase();
        await installation.close();
        installation = undefined;
        throw error;
      }
    },
    TIMEOUT_MS,
  );
});
