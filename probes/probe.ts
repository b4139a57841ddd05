import type { LocationId } from '#domain/check/location.ts';
import type { CheckSpec } from '#domain/check/monitor.ts';
import type { Outcome } from '#domain/check/result.ts';
import type { Network, ProbeClock } from './network.ts';

/** One check to make: what to check, from where, and how long it may take altogether. */
export interface ProbeTask<Config> {
  readonly config: Config;
  readonly timeoutMs: number;
  readonly location: LocationId;
  readonly traceId: string;
  /** Keep the story for people ("Test now"). */
  readonly transcript: boolean;
}

/** Makes one attempt. Never throws: what goes wrong is an outcome (`error` when it is the probe's own fault). */
export type Probe<Config> = (task: ProbeTask<Config>, network: Network, clock: ProbeClock) => Promise<Outcome>;

/** One probe per check type; the compiler says which is missing. */
export type ProbeTable = { readonly [T in CheckSpec['type']]: Probe<Extract<CheckSpec, { type: T }>['config']> };
