import { SECOND_MS } from '#domain/base/duration.ts';
import type { LocationId } from '#domain/check/location.ts';

/**
 * How many checks may be under way. A check that is young keeps the processor busy; one that has waited for its target
 * for a second only holds a socket. So both have bounds of their own, and targets that hang cannot crowd out others.
 */
export interface RoomLimits {
  /** Young checks in this process: what one core answers in a third of a second, so none waits long for its turn. */
  readonly youngMax: number;
  /** All checks in this process: each holds a socket. */
  readonly checksMax: number;
  /** All checks at one location. */
  readonly perLocationMax: number;
  /** All checks of one shard: a shard of hanging targets leaves room for the others. */
  readonly perShardMax: number;
}

/** Cloudflare gives an isolate 128 MB; a check under way takes some 20 KB of it. */
export const DEFAULT_LIMITS: RoomLimits = {
  youngMax: 400,
  checksMax: 4_000,
  perLocationMax: 1_000,
  perShardMax: 2_000,
};

/** From this age on a check waits for its target, not for us. */
const YOUNG_MS = SECOND_MS;

/** The checks under way in this process, of all shards that live in it. Counters only, no I/O: shards may share it. */
export class Room {
  readonly #limits: RoomLimits;
  readonly #atLocation = new Map<LocationId, number>();
  #checks = 0;
  #young = 0;

  constructor(limits: RoomLimits) {
    this.#limits = limits;
  }

  get perShardMax(): number {
    return this.#limits.perShardMax;
  }

  get checks(): number {
    return this.#checks;
  }

  /** Takes a place at a location; null when there is none. */
  take(location: LocationId): Place | null {
    const here = this.#atLocation.get(location) ?? 0;
    const { youngMax, checksMax, perLocationMax } = this.#limits;
    if (this.#young >= youngMax || this.#checks >= checksMax || here >= perLocationMax) return null;
    this.#young += 1;
    this.#checks += 1;
    this.#atLocation.set(location, here + 1);
    return new Place(
      () => {
        this.#young -= 1;
      },
      () => {
        this.#checks -= 1;
        this.#atLocation.set(location, (this.#atLocation.get(location) ?? 1) - 1);
      },
    );
  }
}

/** One check's place, given back once. */
export class Place {
  readonly #aged: () => void;
  readonly #left: () => void;
  #young = true;
  #taken = true;

  constructor(aged: () => void, left: () => void) {
    this.#aged = aged;
    this.#left = left;
  }

  /** The check is no longer young. */
  age(): void {
    if (!this.#young) return;
    this.#young = false;
    this.#aged();
  }

  leave(): void {
    if (!this.#taken) return;
    this.#taken = false;
    this.age();
    this.#left();
  }
}

/** A check that wants a place. */
export interface Applicant {
  readonly key: string;
  readonly location: LocationId;
  /** Later than this it is no longer worth making. */
  readonly untilMs: number;
}

interface Admitted {
  readonly place: Place;
  readonly sinceMs: number;
}

/** The checks of one shard: those under way, and those that wait for room, oldest first. */
export class Admission<T extends Applicant> {
  readonly #room: Room;
  readonly #underWay = new Map<string, Admitted>();
  #waiting: T[] = [];

  constructor(room: Room) {
    this.#room = room;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  apply(applicants: readonly T[]): void {
    this.#waiting.push(...applicants);
  }

  /** Lets in whoever finds room, and turns away whoever has waited too long. */
  admit(nowMs: number): { readonly admitted: readonly T[]; readonly overdue: readonly T[] } {
    for (const { place, sinceMs } of this.#underWay.values()) if (nowMs - sinceMs >= YOUNG_MS) place.age();
    const admitted: T[] = [];
    const overdue: T[] = [];
    const waiting: T[] = [];
    for (const applicant of this.#waiting) {
      if (applicant.untilMs < nowMs) overdue.push(applicant);
      else if (this.#letIn(applicant, nowMs)) admitted.push(applicant);
      else waiting.push(applicant);
    }
    this.#waiting = waiting;
    return { admitted, overdue };
  }

  /** The check is over. */
  leave({ key, location }: Pick<Applicant, 'key' | 'location'>): void {
    const name = nameOf(key, location);
    this.#underWay.get(name)?.place.leave();
    this.#underWay.delete(name);
  }

  #letIn(applicant: T, nowMs: number): boolean {
    if (this.#underWay.size >= this.#room.perShardMax) return false;
    const place = this.#room.take(applicant.location);
    if (place === null) return false;
    this.#underWay.set(nameOf(applicant.key, applicant.location), { place, sinceMs: nowMs });
    return true;
  }
}

function nameOf(key: string, location: LocationId): string {
  return `${key}@${location}`;
}
