import { MINUTE_MS } from '../base/duration.ts';
import type { LocationId } from '../check/location.ts';
import { isFailure, isVote, type OutcomeKind } from '../check/result.ts';
import type { Target } from './target-site.ts';

/**
 * A location is dark when nearly everything fails from there and the same targets answer from elsewhere: the location is
 * at fault, not the targets. Verdicts leave its outcomes out.
 *
 * Whom a darkness concerns depends on who has caused it:
 * - The hosts of one organization make a location dark for the monitors of this organization.
 * - Many organizations with different sites make it dark for everybody, where the operator has no canaries.
 * - The operator's canaries, where there are any, decide alone what is dark for everybody.
 */

/** Fewer hosts than this are not evidence about a location. */
export const DARK_HOSTS_MIN = 5;
/** "Nearly everything fails from there." */
export const DARK_FAILING_SHARE_MIN = 0.9;
/** Above this share the same targets fail elsewhere too: they are down, the location is not dark. */
const DARK_FAILING_ELSEWHERE_SHARE_MAX = 0.5;
/** Organizations with different sites that must be left as witnesses after any one organization or site is left out. */
const DARK_ORGANIZATIONS_MIN = 5;
/** With three canaries that fail from a location, two are left after any one host is left out. */
export const CANARIES_MIN = 3;
/** An outcome older than this says nothing about a location now. */
export const EVIDENCE_MS_MAX = 2 * MINUTE_MS;

/** The outcome of a check at a location, and when it was heard (milliseconds since the epoch). */
export interface Evidence {
  readonly outcome: OutcomeKind;
  readonly atMs: number;
}

/** The newest outcome of one monitor, or of one canary, at each of its locations. */
export type Outcomes = ReadonlyMap<LocationId, Evidence>;

/** A monitor as a witness about its locations. */
export interface Witness {
  readonly organization: string;
  readonly target: Target;
  readonly outcomes: Outcomes;
}

/** What several monitors see together. */
export interface View {
  /** The locations from which it is seen, and whether it answers there. */
  readonly answers: ReadonlyMap<LocationId, boolean>;
  /** From how many of them it does not answer. */
  readonly failing: number;
}

/** True for an outcome that still says something about its location: a vote that is fresh. */
export function isEvidence({ outcome, atMs }: Evidence, nowMs: number): boolean {
  return isVote(outcome) && nowMs - atMs <= EVIDENCE_MS_MAX;
}

/** The view of the monitors of one host, site or organization: one answer proves that a location works. */
function viewOf(monitors: Iterable<Outcomes>, nowMs: number): View {
  const answers = new Map<LocationId, boolean>();
  for (const outcomes of monitors) {
    for (const [location, evidence] of outcomes) {
      if (!isEvidence(evidence, nowMs)) continue;
      answers.set(location, answers.get(location) === true || !isFailure(evidence.outcome));
    }
  }
  let failing = 0;
  for (const answersHere of answers.values()) if (!answersHere) failing += 1;
  return { answers, failing };
}

/** One view for each host of the given witnesses, however many of their monitors check it. */
export function viewsByHost(witnesses: readonly Witness[], nowMs: number): View[] {
  return viewsBy(witnesses, ({ target }) => target.host, nowMs).map(({ view }) => view);
}

/**
 * The locations that at least `viewsMin` views show to be dark, sorted; never all that were observed, for that is an
 * outage.
 */
export function darkLocations(views: readonly View[], viewsMin: number): LocationId[] {
  const observed = observedBy(views);
  return exceptAll(
    [...observed].filter((location) => isDark(location, views, viewsMin)),
    observed,
  );
}

/** The locations from which the operator's canaries fail, each of them on a site of its own. */
export function darkByCanaries(canaries: readonly Outcomes[], nowMs: number): LocationId[] {
  return darkLocations(
    canaries.map((outcomes) => viewOf([outcomes], nowMs)),
    CANARIES_MIN,
  );
}

function isDark(location: LocationId, views: readonly View[], viewsMin: number): boolean {
  const seen = views.filter(({ answers }) => answers.has(location));
  const failing = seen.filter(({ answers }) => answers.get(location) === false);
  const comparable = seen.filter(({ answers }) => answers.size > 1);
  const failingElsewhere = comparable.filter((view) => failsElsewhere(view, location));
  return (
    seen.length >= viewsMin &&
    failing.length >= seen.length * DARK_FAILING_SHARE_MIN &&
    comparable.length >= viewsMin &&
    failingElsewhere.length <= comparable.length * DARK_FAILING_ELSEWHERE_SHARE_MAX
  );
}

/** True when it fails from most of its other locations. */
function failsElsewhere({ answers, failing }: View, location: LocationId): boolean {
  const failingElsewhere = answers.get(location) === false ? failing - 1 : failing;
  return failingElsewhere * 2 > answers.size - 1;
}

/**
 * The locations that many organizations show to be dark, sorted; never all that were observed. An organization that gets
 * an answer from a location speaks against it. One that gets none speaks for it by one site, which fails from there only
 * and by which no other organization speaks. So any organization and any site is behind at most one voice, and the
 * finding must stand with one voice less.
 */
export function darkForEverybody(witnesses: readonly Witness[], nowMs: number): LocationId[] {
  const organizations = viewsBy(witnesses, ({ organization }) => organization, nowMs);
  const observed = observedBy(organizations.map(({ view }) => view));
  const dark = [...observed].filter((location) => {
    const silent = organizations.filter(({ view }) => view.answers.get(location) === false);
    const against = organizations.filter(({ view }) => view.answers.get(location) === true).length;
    if (!isNearlyAll(silent.length, against)) return false;
    return isNearlyAll(voices(silent.map(({ group }) => sitesFailingOnly(location, group, nowMs))), against);
  });
  return exceptAll(dark, observed);
}

/** True when this many voices are enough, and nearly all that there are, also with one of them left out. */
function isNearlyAll(voices: number, against: number): boolean {
  const left = voices - 1;
  return left >= DARK_ORGANIZATIONS_MIN && left >= (left + against) * DARK_FAILING_SHARE_MIN;
}

function sitesFailingOnly(location: LocationId, witnesses: readonly Witness[], nowMs: number): string[] {
  return viewsBy(witnesses, ({ target }) => target.site, nowMs)
    .filter(
      ({ view }) => view.answers.get(location) === false && view.answers.size > 1 && !failsElsewhere(view, location),
    )
    .map(({ key }) => key);
}

/**
 * Organizations that have a site for themselves. Those with fewest sites choose first; another order could find more
 * voices, never fewer than one each.
 */
function voices(sitesOfOrganizations: readonly (readonly string[])[]): number {
  const taken = new Set<string>();
  for (const sites of sitesOfOrganizations.toSorted((one, other) => one.length - other.length)) {
    const free = sites.find((site) => !taken.has(site));
    if (free !== undefined) taken.add(free);
  }
  return taken.size;
}

/** The witnesses in groups, with what each group sees. */
interface Group {
  readonly key: string;
  readonly group: readonly Witness[];
  readonly view: View;
}

function viewsBy(witnesses: readonly Witness[], keyOf: (witness: Witness) => string, nowMs: number): Group[] {
  return [...Map.groupBy(witnesses, keyOf)].map(([key, group]) => ({
    key,
    group,
    view: viewOf(
      group.map(({ outcomes }) => outcomes),
      nowMs,
    ),
  }));
}

function observedBy(views: readonly View[]): ReadonlySet<LocationId> {
  return new Set(views.flatMap(({ answers }) => [...answers.keys()]));
}

function exceptAll(dark: readonly LocationId[], observed: ReadonlySet<LocationId>): LocationId[] {
  return dark.length === observed.size ? [] : dark.toSorted();
}
