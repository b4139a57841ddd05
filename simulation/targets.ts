import { MINUTE_MS } from '#domain/base/duration.ts';
import { LOCATION_IDS, type LocationId } from '#domain/check/location.ts';
import type { OutcomeKind, Reason } from '#domain/check/result.ts';
import type { Answer, NotMade } from '#domain/watch/events.ts';
import { admissionMs, type Round } from '#domain/watch/round.ts';
import type { AssignedMonitor } from '#domain/wire/wire.ts';
import type { Random } from './random.ts';

/** What a location answers to a check of a round, and how long after the round began. */
export interface TimedAnswer {
  readonly location: LocationId;
  readonly answer: Answer | NotMade;
  readonly afterMs: number;
}

/** How a target is: well, failing from one location, failing from all, or not reached because no location answers. */
type Health = 'well' | 'patchy' | 'failing' | 'unseen';
/** How much room the edge has for checks. */
type Room = 'enough' | 'little' | 'none';

/** Chance that a target's health is drawn again in a round. It makes many outages of a few rounds. */
const CHANGE_CHANCE = 0.25;
/** Chance that an answer is late. Most late answers come before their round's deadline, some after it. */
const LATE_CHANCE = 0.05;
/** Longest delay of a late answer, as a share of the time until its round's deadline. */
const LATE_SHARE_MAX = 1.3;
/** How often the state of the edge (dark location, room for checks) is drawn again, in simulated time. */
const WEATHER_MS = 4 * MINUTE_MS;
const DARK_CHANCE = 0.2;
const ROOMS = { enough: 12, little: 1, none: 1 } as const satisfies Record<Room, number>;
/** The share of the locations that a hostile organization chooses, on average. */
const HOSTILE_SHARE = 0.5;
/** The share of the checks that find no room when there is little. */
const TURNED_AWAY_SHARE = 0.4;

/** An organization whose targets fail from chosen locations and answer elsewhere, to make these dark for others. */
interface Hostile {
  readonly organization: string;
  chosen: readonly LocationId[];
}

/** The monitored targets, the health of each, and the locations that check them. */
export class Targets {
  /** True: every check is made and answered at once. */
  calm = false;
  readonly #random: Random;
  readonly #weather: Random;
  readonly #health = new Map<string, Health>();
  #weatherSinceMs = Number.NEGATIVE_INFINITY;
  #dark: LocationId | null = null;
  #hostile: Hostile | null = null;
  readonly #hostileLuck: Random;
  #room: Room = 'enough';

  constructor(random: Random) {
    this.#random = random;
    this.#weather = random.fork('weather');
    this.#hostileLuck = random.fork('hostile');
  }

  /** From now on all targets of this organization fail from the same locations, which it chooses anew with the weather. */
  setHostile(organization: string): void {
    this.#hostile = { organization, chosen: this.#choose() };
  }

  /** The answers of all locations to one round of a monitor. `clockMs` is the time by the edge's clock. */
  round(monitor: AssignedMonitor, round: Round, at: { nowMs: number; clockMs: number }): TimedAnswer[] {
    this.#turnWeather(at.nowMs);
    if (monitor.organization === this.#hostile?.organization) return this.#hostileRound(round, at.clockMs);
    const before = this.#health.get(monitor.id) ?? 'well';
    const changes = this.#random.chance(CHANGE_CHANCE) || (this.calm && before === 'unseen');
    const health = changes
      ? this.#random.weighted({ well: 5, patchy: 2, failing: 4, unseen: this.calm ? 0 : 1 })
      : before;
    this.#health.set(monitor.id, health);
    const patch = this.#random.pick(LOCATION_IDS);
    return round.asked.map((location) => {
      if (this.#isTurnedAway()) {
        const answer = { reason: 'overloaded', detail: 'no room within half of the slot' } as const;
        return { location, answer, afterMs: admissionMs(monitor) };
      }
      const afterMs = this.#delayMs(round, at.clockMs);
      const inPatch = location === patch;
      const answer =
        location === this.#dark
          ? this.#failure(afterMs, at.clockMs)
          : this.#answer(health, inPatch, afterMs, at.clockMs);
      return { location, answer, afterMs };
    });
  }

  /** Draws from a random stream of its own: other organizations' draws stay the same. */
  #hostileRound({ asked }: Round, clockMs: number): TimedAnswer[] {
    return asked.map((location) => {
      const afterMs = this.#hostileLuck.int(5, 900);
      const fails = !this.calm && this.#hostile?.chosen.includes(location) === true;
      const outcome = fails
        ? ({ outcome: 'failure', reason: 'connection_refused' } as const)
        : { outcome: 'success' as const };
      return { location, answer: made(outcome, afterMs, clockMs), afterMs };
    });
  }

  #choose(): LocationId[] {
    return LOCATION_IDS.filter(() => this.#hostileLuck.chance(HOSTILE_SHARE));
  }

  /** Draws the dark location (at most one), the room for checks, and the choice of the hostile organization. */
  #turnWeather(nowMs: number): void {
    if (this.calm) {
      this.#dark = null;
      this.#room = 'enough';
      return;
    }
    if (nowMs - this.#weatherSinceMs < WEATHER_MS) return;
    this.#weatherSinceMs = nowMs;
    this.#dark = this.#weather.chance(DARK_CHANCE) ? this.#weather.pick(LOCATION_IDS) : null;
    this.#room = this.#weather.weighted(ROOMS);
    if (this.#hostile !== null) this.#hostile.chosen = this.#choose();
  }

  #isTurnedAway(): boolean {
    return this.#room === 'none' || (this.#room === 'little' && this.#weather.chance(TURNED_AWAY_SHARE));
  }

  #delayMs(round: Round, clockMs: number): number {
    if (this.calm || !this.#random.chance(LATE_CHANCE)) return this.#random.int(5, 900);
    return this.#random.int(1_000, Math.round((round.deadlineMs - clockMs) * LATE_SHARE_MAX));
  }

  #answer(health: Health, inPatch: boolean, afterMs: number, clockMs: number): Answer | NotMade {
    if (health === 'unseen') return { reason: 'location_unavailable', detail: 'the location does not answer' };
    if (health === 'failing' || (health === 'patchy' && inPatch)) return this.#failure(afterMs, clockMs);
    return made({ outcome: 'success' }, afterMs, clockMs);
  }

  #failure(afterMs: number, clockMs: number): Answer {
    return this.#random.chance(0.3)
      ? made({ outcome: 'timeout', reason: 'timeout' }, afterMs, clockMs)
      : made(
          { outcome: 'failure', reason: 'status_unexpected', detail: 'expected status 200-399, got 503' },
          afterMs,
          clockMs,
        );
  }
}

function made(
  outcome: { outcome: OutcomeKind; reason?: Reason; detail?: string },
  responseTimeMs: number,
  clockMs: number,
): Answer {
  const startedAt = new Date(clockMs).toISOString();
  return { outcome: { ...outcome, responseTimeMs }, attempts: 1, startedAt, colo: null };
}
