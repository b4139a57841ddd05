import type { LocationId } from '#domain/check/location.ts';
import type { Place, Room } from './room.ts';
import { Shares } from './shares.ts';

/** A check that waits for a place. */
export interface Applicant {
  readonly key: string;
  readonly location: LocationId;
  /** The organisation of the check; empty where it is not known. */
  readonly organization: string;
  /** After this time the check is not made any more. */
  readonly untilMs: number;
}

/**
 * The checks of one shard: those under way, and those that wait for room, in the order they came. They are let in by
 * whole batches, one request to a location each: a machine that is short of time must not spend it on small ones.
 */
export class Admission<T extends Applicant> {
  readonly #room: Room;
  readonly #batchMax: number;
  readonly #underWay = new Map<string, Place>();
  readonly #shares = new Shares();
  readonly #waiting = new Map<LocationId, T[]>();

  constructor(room: Room, batchMax: number) {
    this.#room = room;
    this.#batchMax = batchMax;
  }

  get waiting(): number {
    let count = 0;
    for (const queue of this.#waiting.values()) count += queue.length;
    return count;
  }

  apply(applicants: readonly T[]): void {
    for (const applicant of applicants) {
      const queue = this.#waiting.get(applicant.location);
      if (queue === undefined) this.#waiting.set(applicant.location, [applicant]);
      else queue.push(applicant);
    }
  }

  /** Lets in whoever finds room, in batches of one location each. */
  admit(nowMs: number): readonly (readonly T[])[] {
    const batches: T[][] = [];
    this.#room.settle(nowMs);
    // In turns, so that no location takes the room of all others.
    for (let progress = true; progress; ) {
      progress = false;
      for (const [location, queue] of this.#waiting) {
        const free = this.#freeAt(location);
        if (queue.length === 0 || free < 1) continue;
        const batch = this.#nextOf(queue, nowMs);
        if (batch.length === 0 || batch.length > free) continue;
        for (const applicant of batch) {
          queue.splice(queue.indexOf(applicant), 1);
          this.#letIn(applicant, nowMs);
        }
        batches.push(batch);
        progress = true;
      }
    }
    return batches;
  }

  /** The check is over. */
  leave({ key, location }: Pick<Applicant, 'key' | 'location'>, nowMs: number): void {
    const name = nameOf(key, location);
    const place = this.#underWay.get(name);
    if (place === undefined) return;
    this.#room.leave(place, nowMs);
    this.#shares.give(place.organization);
    this.#underWay.delete(name);
  }

  /** Removes the checks whose deadline has passed, and returns them. */
  turnAway(nowMs: number): readonly T[] {
    const overdue: T[] = [];
    for (const [location, queue] of this.#waiting) {
      const late = queue.filter(({ untilMs }) => untilMs < nowMs);
      if (late.length === 0) continue;
      overdue.push(...late);
      this.#waiting.set(
        location,
        queue.filter(({ untilMs }) => untilMs >= nowMs),
      );
    }
    return overdue;
  }

  /** The first of the queue that are still in time, as far as they leave other organisations their share of the room. */
  #nextOf(queue: readonly T[], nowMs: number): T[] {
    const batch: T[] = [];
    const allowed = new Map<string, number>();
    for (const applicant of queue) {
      if (batch.length === this.#batchMax) break;
      const { organization, untilMs } = applicant;
      if (untilMs < nowMs) continue;
      const left = allowed.get(organization) ?? this.#allowed(organization, nowMs);
      allowed.set(organization, left - 1);
      if (left >= 1) batch.push(applicant);
    }
    return batch;
  }

  /** How many more checks of the organisation leave the others their share. One that is alone shares with nobody. */
  #allowed(organization: string, nowMs: number): number {
    if (this.#room.isAlone(organization, nowMs)) return Number.POSITIVE_INFINITY;
    return Math.min(this.#room.allowed(organization), this.#shares.allowed(organization, this.#room.perShardMax));
  }

  #freeAt(location: LocationId): number {
    return Math.min(this.#room.perShardMax - this.#underWay.size, this.#room.freeAt(location));
  }

  #letIn({ key, location, organization }: T, nowMs: number): void {
    this.#shares.take(organization);
    this.#underWay.set(nameOf(key, location), this.#room.take(location, organization, nowMs));
  }
}

function nameOf(key: string, location: LocationId): string {
  return `${key}@${location}`;
}
