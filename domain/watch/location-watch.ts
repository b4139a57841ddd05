import type { LocationId } from '../check/location.ts';
import { isFailure, type OutcomeKind } from '../check/result.ts';
import type { AssignedMonitor } from '../wire/wire.ts';
import {
  DARK_FAILING_SHARE_MIN,
  DARK_HOSTS_MIN,
  darkForEverybody,
  darkLocations,
  EVIDENCE_MS_MAX,
  type Evidence,
  isEvidence,
  type View,
  viewsByHost,
  type Witness,
} from './dark-location.ts';
import type { Watch } from './host.ts';
import type { Darkness } from './quorum.ts';
import { targetOf } from './target-site.ts';
import type { WatchInput } from './watch.ts';

/** A location has become dark, or is back. */
export interface LocationChange {
  readonly location: LocationId;
  readonly dark: boolean;
  readonly atMs: number;
  /** For whose monitors; absent when it is for everybody's. */
  readonly organization?: string;
}

/** What a host stores of the dark locations, so that a restart does not forget them. */
export interface StoredDarkness {
  readonly everybody: readonly LocationId[];
  /** By organization. */
  readonly organizations: Readonly<Record<string, readonly LocationId[]>>;
}

export const NOTHING_DARK: StoredDarkness = { everybody: [], organizations: {} };

/** What the operator's canaries have last shown. */
interface CanaryFinding {
  readonly dark: readonly LocationId[];
  readonly atMs: number;
}

/** A monitor's evidence as it is gathered. */
interface GatheredWitness extends Witness {
  readonly outcomes: Map<LocationId, Evidence>;
}

/**
 * Watches the locations themselves: for each organization, and for everybody. Its memory is one outcome for each monitor
 * of the host (SHARD_MONITORS_MAX) and location.
 */
export class LocationWatch {
  readonly #witnesses = new Map<string, GatheredWitness>();
  /** Which locations are dark for an organization, and when each was last proven dark. */
  readonly #organizations = new Map<string, Map<LocationId, number>>();
  /** The same for everybody. */
  #everybody: Map<LocationId, number>;
  /** Null where the operator has no canaries. */
  #canaries: CanaryFinding | null;
  /** Organizations that were heard since the last look; true where something of it could make a location dark. */
  readonly #heard = new Map<string, boolean>();
  #changedMs = 0;

  /** A location that was dark before this watch began counts as proven from now. */
  constructor(stored: StoredDarkness, hasCanaries: boolean, nowMs: number) {
    this.#everybody = provenAt(stored.everybody, nowMs);
    for (const [organization, dark] of Object.entries(stored.organizations)) {
      this.#organizations.set(organization, provenAt(dark, nowMs));
    }
    this.#canaries = hasCanaries ? { dark: stored.everybody, atMs: nowMs } : null;
  }

  get dark(): StoredDarkness {
    const organizations = [...this.#organizations].map(([organization, dark]) => [organization, sorted(dark)]);
    return { everybody: sorted(this.#everybody), organizations: Object.fromEntries(organizations) };
  }

  /**
   * The locations that are dark for a monitor, by whose evidence. An organization that gets answers from a location is
   * not concerned when other organizations find it dark.
   */
  darkFor({ organization }: Pick<AssignedMonitor, 'organization'>, nowMs: number): Darkness {
    if (this.#everybody.size === 0 && this.#organizations.size === 0) return NONE;
    const own = this.#organizations.get(organization ?? '') ?? new Map<LocationId, number>();
    const others = [...this.#everybody.keys()].filter((location) => !own.has(location));
    if (this.#canaries !== null) return { own: sorted(own), others };
    return { own: sorted(own), others: others.filter((location) => !this.#answersAt(location, organization, nowMs)) };
  }

  /** An answer is evidence about its location while its monitor is watched. Other inputs say nothing about one. */
  hear(watch: Watch | undefined, input: WatchInput, nowMs: number): void {
    if (watch === undefined || !watch.assigned.enabled || input.kind !== 'answered') return;
    this.note(watch.assigned, input.location, input.answer.outcome.outcome, nowMs);
  }

  /** The outcome of a check. Without its organization (an older core does not say it) it cannot be evidence. */
  note(monitor: AssignedMonitor, location: LocationId, outcome: OutcomeKind, nowMs: number): void {
    const { id, organization } = monitor;
    if (organization === undefined) return;
    const witness = this.#witnesses.get(id) ?? { organization, target: targetOf(monitor), outcomes: new Map() };
    this.#witnesses.set(id, witness);
    witness.outcomes.set(location, { outcome, atMs: nowMs });
    this.#heard.set(organization, this.#heard.get(organization) === true || isFailure(outcome));
  }

  /** The operator's canaries were checked. What they show holds for EVIDENCE_MS_MAX, or until they are checked again. */
  hearCanaries(dark: readonly LocationId[], nowMs: number): void {
    this.#canaries = { dark, atMs: nowMs };
  }

  /** A monitor that is paused, checked from elsewhere, or of another target is evidence no more. */
  reassign(before: AssignedMonitor, next: AssignedMonitor): void {
    const isSameWitness =
      next.enabled &&
      before.organization === next.organization &&
      before.locations.join() === next.locations.join() &&
      (before.config.url === next.config.url || targetOf(before).host === targetOf(next).host);
    if (!isSameWitness) this.forget(next.id);
  }

  forget(monitorId: string): void {
    this.#witnesses.delete(monitorId);
  }

  /**
   * Looks again which locations are dark, for everybody and for the organizations that were heard since the last look;
   * returns those that have become dark or are back, each later than the last. An organization that was not heard is left
   * as it is: when it is looked at does not depend on others.
   */
  look(nowMs: number): LocationChange[] {
    // Without a failure no location becomes dark: the usual look costs nothing.
    const organizations = [...this.#heard.keys()].filter(
      (organization) => this.#heard.get(organization) === true || this.#organizations.has(organization),
    );
    this.#heard.clear();
    const changes = organizations.flatMap((organization) => this.#lookFor(organization, nowMs));
    if (organizations.length > 0 || this.#everybody.size > 0 || this.#canaries !== null) {
      changes.push(...this.#lookForEverybody(nowMs));
    }
    if (changes.length === 0) return [];
    // The core takes the newest: after a clock was set back, the end of a darkness must not seem older than its beginning.
    this.#changedMs = Math.max(nowMs, this.#changedMs + 1);
    return changes.map((change) => ({ ...change, atMs: this.#changedMs }));
  }

  /** The look of a host's regular round: every darkness ends that nothing proves any more. */
  lookAtAll(nowMs: number): LocationChange[] {
    for (const organization of this.#organizations.keys()) {
      this.#heard.set(organization, this.#heard.get(organization) ?? false);
    }
    return this.look(nowMs);
  }

  #lookFor(organization: string, nowMs: number): Omit<LocationChange, 'atMs'>[] {
    const own = [...this.#witnesses.values()].filter((witness) => witness.organization === organization);
    const before = this.#organizations.get(organization) ?? new Map<LocationId, number>();
    const after = darkByHosts(before, viewsByHost(own, nowMs), nowMs);
    if (after.size > 0) this.#organizations.set(organization, after);
    else this.#organizations.delete(organization);
    return changesBetween(before, after).map((change) => ({ ...change, organization }));
  }

  #lookForEverybody(nowMs: number): Omit<LocationChange, 'atMs'>[] {
    const before = this.#everybody;
    this.#everybody =
      this.#canaries === null
        ? darkByOrganizations(before, [...this.#witnesses.values()], nowMs)
        : stillShown(this.#canaries, nowMs);
    return changesBetween(before, this.#everybody);
  }

  #answersAt(location: LocationId, organization: string | undefined, nowMs: number): boolean {
    for (const witness of this.#witnesses.values()) {
      const evidence = witness.organization === organization ? witness.outcomes.get(location) : undefined;
      if (evidence !== undefined && isEvidence(evidence, nowMs) && !isFailure(evidence.outcome)) return true;
    }
    return false;
  }
}

const NONE: Darkness = { own: [], others: [] };

/** Locations, with the time at which each was last proven dark. */
type Proven = ReadonlyMap<LocationId, number>;

function provenAt(locations: readonly LocationId[], atMs: number): Map<LocationId, number> {
  return new Map(locations.map((location) => [location, atMs]));
}

function sorted(dark: Proven): LocationId[] {
  return [...dark.keys()].toSorted();
}

function darkByHosts(before: Proven, hosts: readonly View[], nowMs: number): Map<LocationId, number> {
  const dark = provenAt(darkLocations(hosts, DARK_HOSTS_MIN), nowMs);
  for (const [location, provenMs] of before) {
    if (!dark.has(location) && isStillDark(location, provenMs, hosts, nowMs)) dark.set(location, provenMs);
  }
  return dark;
}

/**
 * Too few hosts to prove it, yet none to the contrary: what is still seen from there fails. Where nothing is seen, a
 * proof is good as long as any other evidence.
 */
function isStillDark(location: LocationId, provenMs: number, hosts: readonly View[], nowMs: number): boolean {
  const seen = hosts.filter(({ answers }) => answers.has(location));
  if (seen.length === 0) return nowMs - provenMs <= EVIDENCE_MS_MAX;
  const failing = seen.filter(({ answers }) => answers.get(location) === false);
  return seen.length < DARK_HOSTS_MIN && failing.length >= seen.length * DARK_FAILING_SHARE_MIN;
}

/** A proof holds for EVIDENCE_MS_MAX: what is left of it afterwards could be the word of one organization. */
function darkByOrganizations(before: Proven, witnesses: readonly Witness[], nowMs: number): Map<LocationId, number> {
  const kept = [...before].filter(([, provenMs]) => nowMs - provenMs <= EVIDENCE_MS_MAX);
  return new Map([...kept, ...provenAt(darkForEverybody(witnesses, nowMs), nowMs)]);
}

function stillShown({ dark, atMs }: CanaryFinding, nowMs: number): Map<LocationId, number> {
  return provenAt(nowMs - atMs <= EVIDENCE_MS_MAX ? dark : [], atMs);
}

function changesBetween(before: Proven, after: Proven): Pick<LocationChange, 'location' | 'dark'>[] {
  const ended = [...before.keys()].filter((location) => !after.has(location));
  const begun = [...after.keys()].filter((location) => !before.has(location));
  return [
    ...ended.map((location) => ({ location, dark: false })),
    ...begun.map((location) => ({ location, dark: true })),
  ].toSorted((one, other) => (one.location < other.location ? -1 : 1));
}
