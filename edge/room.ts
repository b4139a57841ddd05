import { SECOND_MS } from '#domain/base/duration.ts';
import type { LocationId } from '#domain/check/location.ts';
import { Shares } from './shares.ts';

/** Limits of the checks under way. */
export interface RoomLimits {
  /** All checks of this process: each holds a socket and some 20 KB. */
  readonly checksMax: number;
  /** All checks at one location. */
  readonly perLocationMax: number;
  /** All checks of one shard, so that a shard of hanging targets leaves room for the others. */
  readonly perShardMax: number;
  /** How long a check's connection counts after it, in milliseconds: 0 where files are no concern. */
  readonly keptMs: number;
}

/** Cloudflare gives an isolate 128 MB; 4,000 checks take some 80 of them. */
const CHECKS_MAX = 4_000;

/** workerd keeps a connection that was left in order for the next request to the same host (kj's idleTimeout: 5 s). */
const CONNECTION_KEPT_MS = 6 * SECOND_MS;

/** The limits of a process. `checksMax` is a number as text, as bindings are; absent where files are no concern. */
export function limitsFor(checksMax: string | undefined): RoomLimits {
  const all = checksMax === undefined ? CHECKS_MAX : Math.max(1, Math.min(CHECKS_MAX, Number(checksMax)));
  return {
    checksMax: all,
    perLocationMax: Math.ceil(all / 3),
    perShardMax: Math.ceil(all / 2),
    keptMs: checksMax === undefined ? 0 : CONNECTION_KEPT_MS,
  };
}

/** A check older than this waits for its target, and costs a socket only. */
const YOUNG_MS = SECOND_MS;
/** Longest use of a place: twice the longest time limit, and the way. The object of an older place has died. */
const PLACE_MS_MAX = 120 * SECOND_MS;
/** An organisation is alone in a process when no other one was checked for this long: most monitors are checked sooner. */
const BESIDE_MS = 60 * 60 * SECOND_MS;
/** Most young checks. They keep the processor busy, and more of them would only make each wait longer. */
const YOUNG_MAX = 400;
/** Fewest young checks, so that a slow location leaves room for a fast one. */
const YOUNG_MIN = 48;
/**
 * The time to the head of a probe Worker's answer, less the time that it had the request, is the way there and our own
 * lateness. The way is as long as the fastest answer; this much above it, or half as long again, we are late. A check
 * takes several times as many turns as its head, and all of our lateness would be in its response time.
 */
const LATE_MS = 40;
const LATE_SHARE = 0.5;
/** A head comes within a tenth of a second of its request, however slow the targets: a late process needs some of these. */
const SILENCE_MS = 2 * SECOND_MS;
/** Interval of adjustments of the number of young checks: after this time an adjustment has had its effect. */
const ADJUST_MS = 250;
/** Additive increase, multiplicative decrease (Chiu and Jain 1989), as TCP does it. */
const INCREASE = 8;
const DECREASE = 0.7;

/**
 * The checks under way in this process, of all shards that live in it. Counters only, no I/O: objects may share it.
 *
 * A check that is young keeps the processor busy; one that has waited for its target for a second only holds a socket.
 * So both have bounds of their own, and targets that hang cannot crowd out others. How many may be young follows from
 * how late the process is: a machine that is short of time makes fewer checks at once, each of them in time.
 */
export class Room {
  readonly #limits: RoomLimits;
  readonly #atLocation = new Map<LocationId, number>();
  /** All places, and the young ones, by organisation. */
  readonly #shares = new Shares();
  readonly #youngShares = new Shares();
  /** The two organisations that took places last, and when. */
  readonly #lastOf = new Map<string, number>();
  readonly #places = new Set<Place>();
  readonly #young = new Set<Place>();
  #youngMax = YOUNG_MAX / 4;
  #adjustedMs = 0;
  #heads = 0;
  /** Sum over the heads since the last adjustment. A head with 1 is as late as it may be. */
  #lateness = 0;
  #isLate = false;
  readonly #fastestMs = new Map<LocationId, number>();
  /** When each connection that a check has left will be closed, soonest first. */
  readonly #keptUntilMs: number[] = [];

  constructor(limits: RoomLimits) {
    this.#limits = limits;
  }

  get perShardMax(): number {
    return this.#limits.perShardMax;
  }

  /** Whether this process is short of processor time. Checks that take long may then have waited for the process. */
  get isLate(): boolean {
    return this.#isLate;
  }

  /** A location's answer was under way for `tookMs`, besides the time that the checks took. */
  heard(location: LocationId, tookMs: number, nowMs: number): void {
    const fastestMs = Math.min(tookMs, this.#fastestMs.get(location) ?? tookMs);
    this.#fastestMs.set(location, fastestMs);
    this.#lateness += (tookMs - fastestMs) / Math.max(LATE_MS, fastestMs * LATE_SHARE);
    this.#heads += 1;
    if (nowMs - this.#adjustedMs < ADJUST_MS) return;
    this.#adjustedMs = nowMs;
    this.#isLate = this.#lateness > this.#heads;
    const next = this.#isLate ? this.#youngMax * DECREASE : this.#youngMax + INCREASE;
    this.#youngMax = Math.min(YOUNG_MAX, Math.max(YOUNG_MIN, next));
    this.#lateness = 0;
    this.#heads = 0;
  }

  /** How many more checks have room at a location. Exact after `settle`. */
  freeAt(location: LocationId): number {
    const { checksMax, perLocationMax } = this.#limits;
    return Math.min(
      Math.floor(this.#youngMax) - this.#young.size,
      checksMax - this.#places.size - this.#keptUntilMs.length,
      perLocationMax - (this.#atLocation.get(location) ?? 0),
    );
  }

  /** How many more checks of an organisation leave others their share, of all places as of the young ones. */
  allowed(organization: string): number {
    return Math.min(
      this.#shares.allowed(organization, this.#limits.checksMax),
      this.#youngShares.allowed(organization, this.#youngMax),
    );
  }

  /** An organisation that is alone in this process shares with nobody. */
  isAlone(organization: string, nowMs: number): boolean {
    for (const [other, atMs] of this.#lastOf) {
      if (other !== organization && nowMs - atMs < BESIDE_MS) return false;
    }
    return true;
  }

  /** Takes a place at a location, to be given back with `leave`. */
  take(location: LocationId, organization: string, nowMs: number): Place {
    const place = { location, organization, sinceMs: nowMs };
    this.#places.add(place);
    this.#young.add(place);
    this.#shares.take(organization);
    this.#youngShares.take(organization);
    this.#noteLast(organization, nowMs);
    this.#atLocation.set(location, (this.#atLocation.get(location) ?? 0) + 1);
    return place;
  }

  /** The check is over. */
  leave(place: Place, nowMs: number): void {
    if (!this.#places.delete(place)) return;
    this.#shares.give(place.organization);
    this.#age(place);
    this.#atLocation.set(place.location, (this.#atLocation.get(place.location) ?? 1) - 1);
    if (this.#limits.keptMs > 0) this.#keptUntilMs.push(nowMs + this.#limits.keptMs);
  }

  /** The place is young no more. */
  #age(place: Place): void {
    if (this.#young.delete(place)) this.#youngShares.give(place.organization);
  }

  #noteLast(organization: string, nowMs: number): void {
    this.#lastOf.delete(organization);
    this.#lastOf.set(organization, nowMs);
    const [oldest] = this.#lastOf.keys();
    if (this.#lastOf.size > 2 && oldest !== undefined) this.#lastOf.delete(oldest);
  }

  /** Applies what time alone changes. Sets keep the order of insertion, so each loop ends at the first young place. */
  settle(nowMs: number): void {
    while (this.#keptUntilMs[0] !== undefined && this.#keptUntilMs[0] <= nowMs) this.#keptUntilMs.shift();
    for (const place of this.#places) {
      if (nowMs - place.sinceMs < PLACE_MS_MAX) break;
      this.leave(place, nowMs);
    }
    // Else checks that wait for us, not for their targets, would let in others, and all would wait longer. Without a head
    // for a while nothing is known of our lateness: every young place is held by a target that hangs, or by a dead object.
    if (this.#isLate && nowMs - this.#adjustedMs < SILENCE_MS) return;
    for (const place of this.#young) {
      if (nowMs - place.sinceMs < YOUNG_MS) break;
      this.#age(place);
    }
  }
}

/** One check's place. */
export interface Place {
  readonly location: LocationId;
  readonly organization: string;
  readonly sinceMs: number;
}
