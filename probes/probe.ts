import type { WorkBudget } from '#domain/assertion/work-budget.ts';
import type { LocationId } from '#domain/check/location.ts';
import type { CheckSpec } from '#domain/check/monitor.ts';
import type { Outcome } from '#domain/check/result.ts';
import type { BodyRoom } from './body-room.ts';
import type { Network, ProbeClock } from './network.ts';

/** One check: the configuration, the location, and the timeout for everything. */
export interface ProbeTask<Config> {
  readonly config: Config;
  readonly timeoutMs: number;
  readonly location: LocationId;
  readonly traceId: string;
  /** Record a transcript for people ("Test now"). */
  readonly transcript: boolean;
  /** Who decides when an answer is judged, and how much work that may take. */
  readonly judging: Judging;
  /** For what is kept of the body. */
  readonly room: BodyRoom;
}

/** Where answers are judged: whoever runs checks bounds the time that this takes from others. */
export interface Judging {
  /**
   * Judges an answer within a budget, at once or when it is its turn. `judge` is called again with a larger budget when
   * the first was refused. Rejects with `NoTurn` when there is no time for it.
   */
  run<T>(judge: (budget: WorkBudget) => T): Promise<T>;
}

/** This process has no time to judge the answer: no fault of the target's, and none of the assertions'. */
export class NoTurn extends Error {
  override readonly name = 'NoTurn';
}

/** Makes one attempt. Never throws: every failure is an outcome (`error` when it is the probe's own fault). */
export type Probe<Config> = (task: ProbeTask<Config>, network: Network, clock: ProbeClock) => Promise<Outcome>;

/** One probe per check type; the compiler reports a missing one. */
export type ProbeTable = { readonly [T in CheckSpec['type']]: Probe<Extract<CheckSpec, { type: T }>['config']> };
