import { describe } from 'vitest';
import { world } from '#tests/edge/shard.ts';
import { networkConformance } from '#tests/probes/network-conformance.ts';
import { workersClock, workersNetwork } from './network.ts';

describe("the Network port's adapter for Workers", () => {
  networkConformance({
    network: workersNetwork(true),
    clock: workersClock,
    targetsUrl: () => world.scriptedTargetsUrl,
    undoesAlso: [],
    sendsLatin1: false,
  });
});
