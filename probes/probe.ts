import type { LocationId } from '#domain/check/location.ts';
import type { CheckSpec } from '#domain/check/monitor.ts';
import type { Outcome } from '#domain/check/result.ts';
import type { Network, ProbeClock } from './network.ts';

/** One check: the configuration, the location, and the timeout for everything. */
export interface ProbeTask<Config> {
  readonly config: Config;
  readonly timeoutMs: number;
  readonly location: LocationId;
  readonly traceId: string;
  /** Record a transcript for people ("Test now"). */
  readonly transcript: boolean;
}

/** Makes one attempt. Never throws: every failure is an outcome (`error` when it is the probe's own fault). */
export type Probe<Config> = (task: ProbeTask<Config>, network: Network, clock: ProbeClock) => Promise<Outcome>;

/** One probe per check type; the compiler reports a missing one. */
export type ProbeTable = { readonly [T in CheckSpec['type']]: Probe<Extract<CheckSpec, { type: T }>['config']> };
