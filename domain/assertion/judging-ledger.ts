import { ANSWER_WORK_MAX, WORK_PER_MS } from './work-budget.ts';

/** The monitor and organization of an answer. A test of an unsaved monitor has no monitor. */
export interface Judged {
  readonly monitor: string | undefined;
  readonly organization: string | undefined;
}

/** A leaky bucket: it holds `max` units of work, and `perMs` of them leak out every millisecond. */
interface Bucket {
  readonly whose: string;
  readonly max: number;
  readonly perMs: number;
}

/**
 * Two answers of the costliest kind at once (a check and its confirmation), and one every 20 seconds after that. A check
 * every five seconds may cost 10 ms each time.
 */
const MONITOR: Bucket = { whose: 'this monitor', max: 2 * ANSWER_WORK_MAX, perMs: 0.002 * WORK_PER_MS };
/**
 * A fiftieth of a core at each location. Where all six locations share a core, one organization has an eighth of it for
 * costly answers. Answers that cost no more than `SMALL_WORK` are judged in any case and need nothing of it.
 */
const ORGANIZATION: Bucket = { whose: 'the organization', max: 5 * ANSWER_WORK_MAX, perMs: 0.02 * WORK_PER_MS };

/** Most buckets that are remembered, 100 bytes each. The one that was used least recently is forgotten. */
const BUCKETS_MAX = 20_000;

/** The work that may be spent on an answer, and the reason why it is not more. */
export interface Allowance {
  readonly work: number;
  readonly refusal: string | undefined;
}

/** The work that this process has recently spent on each monitor and each organization. */
export class JudgingLedger {
  readonly #levels = new Map<string, { readonly level: number; readonly atMs: number }>();

  /** The work that is left for an answer: at most ANSWER_WORK_MAX, at least nothing. */
  allowance(judged: Judged, nowMs: number): Allowance {
    let allowance: Allowance = { work: ANSWER_WORK_MAX, refusal: undefined };
    for (const [name, bucket] of bucketsOf(judged)) {
      const work = Math.max(0, bucket.max - this.#level(name, bucket, nowMs));
      if (work < allowance.work) allowance = { work, refusal: refusal(bucket) };
    }
    return allowance;
  }

  /** Records the work that judging an answer took. */
  enter(judged: Judged, work: number, nowMs: number): void {
    for (const [name, bucket] of bucketsOf(judged)) {
      const level = this.#level(name, bucket, nowMs) + work;
      this.#levels.delete(name);
      this.#levels.set(name, { level, atMs: nowMs });
    }
    for (const name of this.#levels.keys()) {
      if (this.#levels.size <= BUCKETS_MAX) return;
      this.#levels.delete(name);
    }
  }

  #level(name: string, { perMs }: Bucket, nowMs: number): number {
    const known = this.#levels.get(name);
    return known === undefined ? 0 : Math.max(0, known.level - Math.max(0, nowMs - known.atMs) * perMs);
  }
}

function bucketsOf({ monitor, organization = '' }: Judged): (readonly [name: string, bucket: Bucket])[] {
  const ofOrganization = [`organization ${organization}`, ORGANIZATION] as const;
  return monitor === undefined ? [ofOrganization] : [[`monitor ${monitor}`, MONITOR], ofOrganization];
}

function refusal({ whose, max, perMs }: Bucket): string {
  const [atOnceMs, msPerSecond] = [max / WORK_PER_MS, (perMs * 1_000) / WORK_PER_MS];
  return (
    `${whose} has used up its time for judging answers: ` +
    `${atOnceMs} ms at once and ${msPerSecond} ms in a second, at each location`
  );
}
