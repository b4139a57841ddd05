import { SECOND_MS } from '#domain/base/duration.ts';
import type { LocationId } from '#domain/check/location.ts';

/** How many checks may be under way. */
export interface RoomLimits {
  /** All checks of this process: each holds a socket and some 20 KB. */
  readonly checksMax: number;
  /** All checks at one location. */
  readonly perLocationMax: number;
  /** All checks of one shard: a shard of hanging targets leaves room for the others. */
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

/** From this age on a check waits for its target, and holds a socket only. */
export const YOUNG_MS = SECOND_MS;
/** Young checks: they keep the processor busy. More than this at once only makes each of them wait longer. */
const YOUNG_MAX = 400;
/** Fewer would starve a fast location for the sake of a slow one. */
const YOUNG_MIN = 48;
/**
 * The time to the head of a probe Worker's answer, less the time that it had the request, is the way there and our own
 * lateness. The way is as long as the fastest answer; this much above it, or half as long again, we are late. A check takes several times as many turns as its head, and all
 * of our lateness would be in its response time.
 */
const LATE_MS = 40;
const LATE_SHARE = 0.5;
/** How often the number of young checks is adjusted: each time what was decided has had its effect. */
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
  #checks = 0;
  #young = 0;
  #youngMax = YOUNG_MAX / 4;
  #adjustedMs = 0;
  #heads = 0;
  /** Sum over the heads since the last adjustment; 1 is as late as one may be. */
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

  /** Whether this process is short of time: what takes long now may well have waited for us. */
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

  /** True when so many more checks have room at a location. */
  hasRoom(location: LocationId, count: number, nowMs: number): boolean {
    while (this.#keptUntilMs[0] !== undefined && this.#keptUntilMs[0] <= nowMs) this.#keptUntilMs.shift();
    const here = this.#atLocation.get(location) ?? 0;
    const { checksMax, perLocationMax } = this.#limits;
    const young = this.#young + count <= this.#youngMax;
    return young && this.#checks + this.#keptUntilMs.length + count <= checksMax && here + count <= perLocationMax;
  }

  /** Takes a place at a location. */
  take(location: LocationId): Place {
    this.#young += 1;
    this.#checks += 1;
    this.#atLocation.set(location, (this.#atLocation.get(location) ?? 0) + 1);
    return new Place(
      () => {
        this.#young -= 1;
      },
      (nowMs) => {
        this.#checks -= 1;
        if (this.#limits.keptMs > 0) this.#keptUntilMs.push(nowMs + this.#limits.keptMs);
        this.#atLocation.set(location, (this.#atLocation.get(location) ?? 1) - 1);
      },
    );
  }
}

/** One check's place, given back once. */
export class Place {
  readonly #aged: () => void;
  readonly #left: (nowMs: number) => void;
  #young = true;
  #taken = true;

  constructor(aged: () => void, left: (nowMs: number) => void) {
    this.#aged = aged;
    this.#left = left;
  }

  /** The check is no longer young. */
  age(): void {
    if (!this.#young) return;
    this.#young = false;
    this.#aged();
  }

  leave(nowMs: number): void {
    if (!this.#taken) return;
    this.#taken = false;
    this.age();
    this.#left(nowMs);
  }
}
