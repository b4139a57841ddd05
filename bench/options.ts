import { parseArgs } from 'node:util';
import { z } from 'zod';
import { LOCATION_IDS } from '#domain/check/location.ts';
import { SIMULATED_STREAMS } from '#simulation/play-seed.ts';

const count = z.coerce.number().int().positive();

/** What has no default here is the scenario's own to choose. */
const optionsSchema = z.strictObject({
  /** How long figures are taken. */
  seconds: count.optional(),
  /** How long the load lasts before figures are taken. */
  'warm-up': count.optional(),
  trials: count.default(30),
  monitors: count.optional(),
  'find-limit': z.boolean().default(false),
  /** The most monitors that --find-limit tries. */
  'monitors-max': count.default(20_000),
  interval: count.default(5),
  locations: count.max(LOCATION_IDS.length).default(LOCATION_IDS.length),
  /** The highest sustainable rate in checks per second, where it is known already. */
  limit: z.coerce.number().positive().optional(),
  /** Of what happens by chance. */
  seed: z.coerce
    .number()
    .int()
    .nonnegative()
    .default(() => Date.now() % 1_000_000),
  seeds: count.default(1000),
  from: z.coerce.number().int().nonnegative().default(1),
  /** mixed: some of the seeds over each. */
  streams: z.enum([...SIMULATED_STREAMS, 'mixed']).default('in-process'),
});

export type BenchOptions = z.output<typeof optionsSchema>;

/** The scenarios that are asked for (none: all) and their options; throws a sentence about what is wrong. */
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
