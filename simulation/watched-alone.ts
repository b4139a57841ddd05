import type { Happening, Watch } from '#domain/watch/host.ts';
import { LocationWatch, NOTHING_DARK } from '#domain/watch/location-watch.ts';
import type { Darkness } from '#domain/watch/quorum.ts';
import type { AssignedMonitor } from '#domain/wire/wire.ts';
import { requireEqual } from './violation.ts';

/**
 * A location watch for each organization that hears this organization alone. The verdicts of its monitors must be the same
 * as on the shard that it shares. A simulation has too few organizations to find a location dark for everybody.
 */
export class WatchedAlone {
  #locations = new Map<string, LocationWatch>();

  hear(watch: Watch | undefined, { input }: Happening, nowMs: number): void {
    if (watch !== undefined) this.#of(watch.assigned, nowMs).hear(watch, input, nowMs);
  }

  look(nowMs: number): void {
    for (const locations of this.#locations.values()) locations.look(nowMs);
  }

  lookAtAll(nowMs: number): void {
    for (const locations of this.#locations.values()) locations.lookAtAll(nowMs);
  }

  reassign(before: AssignedMonitor, next: AssignedMonitor): void {
    for (const locations of this.#locations.values()) locations.reassign(before, next);
  }

  forget(monitorId: string): void {
    for (const locations of this.#locations.values()) locations.forget(monitorId);
  }

  restart(nowMs: number): void {
    this.#locations = new Map(
      [...this.#locations].map(([organization, { dark }]) => [organization, new LocationWatch(dark, false, nowMs)]),
    );
  }

  /** Verdicts follow from a monitor's own results and from what is dark for it, so the second must be the same. */
  requireSame(assigned: AssignedMonitor, dark: Darkness, nowMs: number): void {
    const alone = this.#of(assigned, nowMs).darkFor(assigned, nowMs);
    requireEqual(dark, alone, 'which locations are dark for an organization does not depend on others');
  }

  #of({ organization = '' }: AssignedMonitor, nowMs: number): LocationWatch {
    const locations = this.#locations.get(organization) ?? new LocationWatch(NOTHING_DARK, false, nowMs);
    this.#locations.set(organization, locations);
    return locations;
  }
}
