import { parseArgs } from 'node:util';
import { z } from 'zod';
import { LOCATION_IDS } from '#domain/check/location.ts';
import { SIMULATED_STREAMS } from '#simulation/play-seed.ts';
import { ATTACKS } from './hostile-monitors.ts';

const count = z.coerce.number().int().positive();

/** For an option without a default, each scenario has its own. */
const optionsSchema = z.strictObject({
  /** Length of the measured window. */
  seconds: count.optional(),
  /** Time under load before the measured window begins. */
  'warm-up': count.optional(),
  trials: count.default(30),
  monitors: count.optional(),
  'find-limit': z.boolean().default(false),
  /** The most monitors that --find-limit tries. */
  'monitors-max': count.default(20_000),
  interval: count.default(5),
  locations: count.max(LOCATION_IDS.length).default(LOCATION_IDS.length),
  /** The highest sustainable rate in checks per second, if it is already known. */
  limit: z.coerce.number().positive().optional(),
  /** Seed of the random disruptions and outages. */
  seed: z.coerce
    .number()
    .int()
    .nonnegative()
    .default(() => Date.now() % 1_000_000),
  /** What the hostile organisation does. */
  attack: z.enum([...ATTACKS, 'all']).default('all'),
  seeds: count.default(1000),
  from: z.coerce.number().int().nonnegative().default(1),
  /** `mixed` plays some of the seeds over each kind of stream. */
  streams: z.enum([...SIMULATED_STREAMS, 'mixed']).default('in-process'),
});

export type BenchOptions = z.output<typeof optionsSchema>;

/** The names of scenarios and the options on the command line; throws one sentence per invalid option. */
export function readArguments(args: readonly string[]): { scenarios: string[]; options: BenchOptions } {
  const options = Object.fromEntries(
    Object.keys(optionsSchema.shape).map((name) => [
      name,
      { type: name === 'find-limit' ? 'boolean' : 'string' } as const,
    ]),
  );
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const read = optionsSchema.safeParse(values);
  if (read.success) return { scenarios: positionals, options: read.data };
  throw new Error(read.error.issues.map(({ path, message }) => `--${path.join('.')}: ${message}`).join('\n'));
}
