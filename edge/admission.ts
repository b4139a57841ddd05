import type { LocationId } from '#domain/check/location.ts';
import { type Place, type Room, YOUNG_MS } from './room.ts';

/** A check that wants to be made. */
export interface Applicant {
  readonly key: string;
  readonly location: LocationId;
  /** Later than this it is no longer worth making. */
  readonly untilMs: number;
}

interface UnderWay {
  readonly place: Place;
  readonly sinceMs: number;
}

/** The checks of one shard: those under way, and those that wait for room, in the order they came. */
export class Admission<T extends Applicant> {
  readonly #room: Room;
  /** In the order they were let in, so that the oldest come first. */
  readonly #underWay = new Map<string, UnderWay>();
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
    this.#age(nowMs);
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

  #age(nowMs: number): void {
    // Else checks that wait for us, not for their targets, would let in others, and all would wait longer.
    if (this.#room.isLate) return;
    for (const { place, sinceMs } of this.#underWay.values()) {
      if (nowMs - sinceMs < YOUNG_MS) return;
      place.age();
    }
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
