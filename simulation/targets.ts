import { LOCATION_IDS, type LocationId } from '#domain/check/location.ts';
import type { OutcomeKind, Reason } from '#domain/check/result.ts';
import type { Random } from './random.ts';

/** What a check comes to, and how long it takes. */
export interface Answer {
  readonly outcome: OutcomeKind;
  readonly reason?: Reason;
  readonly detail?: string;
  readonly responseTimeMs: number | null;
  readonly afterMs: number;
}

/** How a target is: well, failing from one place, failing from everywhere, or out of the probes' sight. */
type Health = 'well' | 'patchy' | 'failing' | 'unseen';

/** Chance that a target changes between two rounds: outages of a few rounds, many of them. */
const CHANGE_CHANCE = 0.25;
/** Chance that an answer takes so long that later rounds overtake it. */
const SLOW_CHANCE = 0.05;
const SLOW_MS = 150_000;

/** The monitored targets, each with its own luck. */
export class Targets {
  readonly #random: Random;
  readonly #health = new Map<string, Health>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** One round of a monitor: an answer for each location. */
  round(monitorId: string, locations: readonly LocationId[]): Map<LocationId, Answer> {
    const before = this.#health.get(monitorId) ?? 'well';
    const health = this.#random.chance(CHANGE_CHANCE)
      ? this.#random.weighted({ well: 5, patchy: 2, failing: 4, unseen: 1 })
      : before;
    this.#health.set(monitorId, health);
    const patch = this.#random.pick(LOCATION_IDS);
    return new Map(locations.map((location) => [location, this.#answer(health, location === patch)]));
  }

  #answer(health: Health, inPatch: boolean): Answer {
    const afterMs = this.#random.chance(SLOW_CHANCE) ? this.#random.int(1_000, SLOW_MS) : this.#random.int(5, 900);
    if (health === 'unseen') return { outcome: 'error', reason: 'location_unavailable', responseTimeMs: null, afterMs };
    if (health === 'failing' || (health === 'patchy' && inPatch)) {
      return this.#random.chance(0.3)
        ? { outcome: 'timeout', reason: 'timeout', responseTimeMs: afterMs, afterMs }
        : {
            outcome: 'failure',
            reason: 'status_unexpected',
            detail: 'expected status 200-399, got 503',
            responseTimeMs: afterMs,
            afterMs,
          };
    }
    return { outcome: 'success', responseTimeMs: afterMs, afterMs };
  }
}
