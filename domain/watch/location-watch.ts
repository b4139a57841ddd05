import type { LocationId } from '../check/location.ts';
import { isFailure, type OutcomeKind } from '../check/result.ts';
import type { AssignedMonitor } from '../wire/wire.ts';
import {
  DARK_FAILING_SHARE_MIN,
  DARK_MONITORS_MIN,
  darkLocations,
  EVIDENCE_MS_MAX,
  type Evidence,
  isEvidence,
} from './dark-location.ts';
import type { Watch } from './host.ts';
import type { WatchInput } from './watch.ts';

/** A location has become dark, or is back. */
export interface LocationChange {
  readonly location: LocationId;
  readonly dark: boolean;
  readonly atMs: number;
}

/** Watches the locations themselves: the newest outcome of every monitor at each, in memory. */
export class LocationWatch {
  readonly #newest = new Map<string, Map<LocationId, Evidence>>();
  /** When each dark location was last proven dark. A location that was dark before this watch began counts from then. */
  readonly #provenMs = new Map<LocationId, number>();
  #dark: readonly LocationId[];
  /** An outcome since the last look that could make a location dark. */
  #hasNewFailure = false;
  #changedMs = 0;

  constructor(dark: readonly LocationId[], nowMs: number) {
    this.#dark = dark;
    for (const location of dark) this.#provenMs.set(location, nowMs);
  }

  get dark(): readonly LocationId[] {
    return this.#dark;
  }

  /** An answer is evidence about its location while its monitor is watched. Other inputs say nothing about one. */
  hear(watch: Watch | undefined, input: WatchInput, nowMs: number): void {
    if (watch === undefined || !watch.assigned.enabled || input.kind !== 'answered') return;
    this.note(watch.assigned.id, input.location, input.answer.outcome.outcome, nowMs);
  }

  /** A monitor that is paused, or checked from elsewhere, is evidence no more. */
  reassign(before: AssignedMonitor, next: AssignedMonitor): void {
    if (!next.enabled || before.locations.join() !== next.locations.join()) this.forget(next.id);
  }

  note(monitorId: string, location: LocationId, outcome: OutcomeKind, nowMs: number): void {
    const evidence = { outcome, atMs: nowMs };
    const known = this.#newest.get(monitorId);
    if (known === undefined) this.#newest.set(monitorId, new Map([[location, evidence]]));
    else known.set(location, evidence);
    if (isFailure(outcome)) this.#hasNewFailure = true;
  }

  forget(monitorId: string): void {
    this.#newest.delete(monitorId);
  }

  /** Looks again which locations are dark; returns those that have become dark or are back, each later than the last. */
  look(nowMs: number): LocationChange[] {
    // Without a failure no location becomes dark: the usual look costs nothing.
    if (this.#dark.length === 0 && !this.#hasNewFailure) return [];
    this.#hasNewFailure = false;
    const before = this.#dark;
    const proven = darkLocations(this.#newest.values(), nowMs);
    for (const location of proven) this.#provenMs.set(location, nowMs);
    const kept = before.filter((location) => !proven.includes(location) && this.#isStillDark(location, nowMs));
    this.#dark = [...proven, ...kept].sort();
    const changed = [...new Set([...before, ...this.#dark])]
      .map((location) => ({ location, dark: this.#dark.includes(location) }))
      .filter(({ location, dark }) => before.includes(location) !== dark);
    if (changed.length === 0) return [];
    // The core takes the newest: after a clock was set back, the end of a darkness must not seem older than its beginning.
    this.#changedMs = Math.max(nowMs, this.#changedMs + 1);
    return changed.map((change) => ({ ...change, atMs: this.#changedMs }));
  }

  /**
   * Too few monitors to prove it, yet none to the contrary: what is still seen from there fails. Where nothing is seen,
   * a proof is good as long as any other evidence.
   */
  #isStillDark(location: LocationId, nowMs: number): boolean {
    let seen = 0;
    let failing = 0;
    for (const outcomes of this.#newest.values()) {
      const evidence = outcomes.get(location);
      if (evidence === undefined || !isEvidence(evidence, nowMs)) continue;
      seen += 1;
      if (isFailure(evidence.outcome)) failing += 1;
    }
    if (seen === 0) return nowMs - (this.#provenMs.get(location) ?? 0) <= EVIDENCE_MS_MAX;
    return seen < DARK_MONITORS_MIN && failing >= seen * DARK_FAILING_SHARE_MIN;
  }
}
