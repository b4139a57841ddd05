import { LOCATION_IDS, type LocationId } from '#domain/check/location.ts';
import type { OutcomeKind } from '#domain/check/result.ts';
import { DARK_MONITORS_MIN, darkLocations } from '#domain/watch/dark-location.ts';

/** Watches the locations themselves: the newest outcome of every monitor at each, in memory. */
export class LocationWatch {
  readonly #newest = new Map<string, Map<LocationId, OutcomeKind>>();

  note(monitorId: string, location: LocationId, outcome: OutcomeKind): void {
    const outcomes = this.#newest.get(monitorId);
    if (outcomes === undefined) this.#newest.set(monitorId, new Map([[location, outcome]]));
    else outcomes.set(location, outcome);
  }

  forget(monitorId: string): void {
    this.#newest.delete(monitorId);
  }

  /**
   * Which locations are dark now. One that was stays so until enough monitors have been seen from there again:
   * a shard that has just woken up has seen nothing.
   */
  darkNow(before: readonly LocationId[]): LocationId[] {
    const dark = darkLocations(this.#newest.values());
    return LOCATION_IDS.filter(
      (location) => dark.includes(location) || (before.includes(location) && !this.#hasEvidence(location)),
    );
  }

  #hasEvidence(location: LocationId): boolean {
    let seen = 0;
    for (const outcomes of this.#newest.values()) if (outcomes.has(location)) seen += 1;
    return seen >= Math.min(DARK_MONITORS_MIN, this.#newest.size) && seen > 0;
  }
}
