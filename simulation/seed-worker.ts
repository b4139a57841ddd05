import { Installation } from './installation.ts';
import { type PlayedSeed, playSeed, type SimulatedStreams } from './play-seed.ts';
import { Violation } from './violation.ts';

/** A process that plays seeds on order, one after another, until its parent disconnects. */

/** The message that orders a seed. */
export interface SeedOrder {
  readonly seed: number;
  readonly streams: SimulatedStreams;
}

/** The answer to an order. */
export type SeedReport =
  | { readonly order: SeedOrder; readonly played: PlayedSeed }
  | {
      readonly order: SeedOrder;
      /** The invariant that does not hold, or the first line of another error. */
      readonly fault: string;
      readonly message: string;
    };

let installation: Installation | undefined;

process.on('message', (order: SeedOrder) => {
  play(order).then((report) => {
    // The parent may have disconnected meanwhile.
    if (process.connected) process.send?.(report);
  });
});
process.on('disconnect', () => installation?.close().finally(() => process.exit()));

async function play(order: SeedOrder): Promise<SeedReport> {
  try {
    installation ??= await Installation.open();
    return { order, played: await playSeed(installation, order.seed, order.streams) };
  } catch (error) {
    installation?.keepDatabase();
    await installation?.close();
    installation = undefined;
    return { order, fault: faultOf(error), message: error instanceof Error ? error.message : String(error) };
  }
}

function faultOf(error: unknown): string {
  if (error instanceof Violation) return error.invariant;
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? (error.message.split('\n')[0] ?? '') : faultOf(error.cause);
}
