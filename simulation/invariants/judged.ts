import { isFailure, isVote, type OutcomeKind } from '#domain/check/result.ts';
import { resultsOf } from '#domain/wire/results.ts';
import type { AlertTriggeredEvent, AssignedMonitor, RoundJudgedEvent } from '#domain/wire/wire.ts';
import type { Occurrence } from '../shard.ts';
import type { Simulation } from '../simulation.ts';
import { requireEqual, requireThat } from '../violation.ts';

/**
 * Judges again from the shard's events alone: verdicts from results, statuses and alerts from verdicts. Edge and simulation
 * share the reducer, so this second way of counting is what finds its errors.
 */
export function requireJudgements({ shard }: Pick<Simulation, 'shard'>): void {
  const monitors = new Map<string, Judgements>();
  for (const occurrence of shard.chronicle) {
    const id = monitorOf(occurrence);
    if (id === null) continue;
    const judgements = monitors.get(id) ?? new Judgements(id);
    monitors.set(id, judgements);
    judgements.take(occurrence);
  }
  for (const [id, judgements] of monitors) judgements.end(shard.watches.get(id)?.state.rounds.map((one) => one.slotMs));
}

type Assigned = Extract<Occurrence, { kind: 'assigned' }>;

function monitorOf(occurrence: Occurrence): string | null {
  if (occurrence.kind === 'suspended') return occurrence.monitorId;
  if (occurrence.kind === 'assigned') return occurrence.next.id;
  const { event } = occurrence;
  if (event.kind === 'location.state') return null;
  return event.kind === 'check.completed' ? event.result.monitorId : event.monitorId;
}

interface Seen {
  readonly outcome: OutcomeKind;
  readonly reason: string | undefined;
}

/** The counts of one rule, and its open alert. */
interface Count {
  failures: number;
  recoveries: number;
  alertId: string | null;
}

/** The judgements of one monitor, from its first assignment on. */
class Judgements {
  readonly #id: string;
  /** Results of the schedule (not of "check now") by slot. */
  readonly #results = new Map<string, Map<string, Seen>>();
  readonly #judged = new Set<string>();
  readonly #counts = new Map<string, Count>();
  #lastSlot = '';
  /** The status that must follow from the last verdict with a vote; null when it is not known. */
  #expectedStatus: string | null = null;
  #shownStatus = 'pending';
  /** Alerts that must begin or end with the last verdict, as rule and direction. */
  #expectedAlerts: string[] = [];

  constructor(id: string) {
    this.#id = id;
  }

  take(occurrence: Occurrence): void {
    if (occurrence.kind === 'suspended') {
      this.#requireConsequences();
      return;
    }
    if (occurrence.kind === 'assigned') {
      this.#assign(occurrence);
      return;
    }
    const { event, assigned } = occurrence;
    for (const { scheduledAt, manual, location, outcome, reason } of resultsOf(event)) {
      if (manual) continue;
      const round = this.#results.get(scheduledAt) ?? new Map<string, Seen>();
      requireThat(!round.has(location), `${this.#id}: a location answers once for each slot`, event);
      this.#results.set(scheduledAt, round.set(location, { outcome, reason }));
    }
    if (event.kind === 'round.judged') this.#judge(event, assigned);
    else if (event.kind === 'monitor.status') {
      requireEqual(event.previous, this.#shownStatus, `${this.#id}: each change of status follows the one before`);
      this.#shownStatus = event.status;
    } else if (event.kind === 'alert.triggered') this.#alert(event);
  }

  /** Checks the end of a seed. `openSlots` are the slots of rounds under way; undefined when the monitor was deleted. */
  end(openSlots: readonly number[] | undefined): void {
    this.#requireConsequences();
    if (openSlots === undefined) return;
    const open = new Set(openSlots.map((slotMs) => new Date(slotMs).toISOString()));
    const unjudged = [...this.#results.keys()].filter((slot) => !this.#judged.has(slot) && !open.has(slot));
    requireEqual(unjudged, [], `${this.#id}: every round that is over has its verdict`);
  }

  /* ---- verdicts ------------------------------------------------------------------------------------------ */

  #judge(event: RoundJudgedEvent, assigned: AssignedMonitor): void {
    this.#requireConsequences();
    const { scheduledAt, status, cause } = event;
    requireThat(!this.#judged.has(scheduledAt), `${this.#id}: a round is judged once`, event);
    requireThat(this.#lastSlot < scheduledAt, `${this.#id}: rounds are judged in the order of their slots`, event);
    requireBallot(event, this.#results.get(scheduledAt) ?? new Map(), assigned);
    this.#judged.add(scheduledAt);
    this.#lastSlot = scheduledAt;
    const results = this.#results.get(scheduledAt) ?? new Map<string, Seen>();
    if (status !== 'unknown') this.#count(status === 'down', assigned);
    if (status !== 'unknown' || cause === 'too_few_votes') {
      const voted = [...results.values()].some(({ outcome }) => isVote(outcome));
      this.#expectedStatus = status !== 'unknown' || voted ? status : null;
    } else this.#expectedStatus = null;
  }

  #count(failed: boolean, { rules }: AssignedMonitor): void {
    for (const rule of rules) {
      const count = this.#counts.get(rule.id) ?? { failures: 0, recoveries: 0, alertId: null };
      this.#counts.set(rule.id, count);
      count.failures = failed ? count.failures + 1 : 0;
      count.recoveries = failed ? 0 : count.recoveries + 1;
      if (count.alertId === null && count.failures >= rule.condition.count) {
        this.#expectedAlerts.push(`${rule.id} firing`);
      } else if (count.alertId !== null && count.recoveries >= rule.recoveryCount) {
        this.#expectedAlerts.push(`${rule.id} resolved`);
      }
    }
  }

  #alert({ to, ruleId, alertId, cause }: AlertTriggeredEvent): void {
    const count = this.#counts.get(ruleId);
    if (cause === 'observed') {
      requireEqual(
        `${ruleId} ${to}`,
        this.#expectedAlerts.shift(),
        `${this.#id}: an alert is the consequence of a verdict`,
      );
    } else requireEqual(to, 'resolved', `${this.#id}: only a verdict begins an alert`);
    if (to === 'resolved') requireEqual(count?.alertId, alertId, `${this.#id}: what ends is what has begun`);
    if (cause === 'observed' && count !== undefined) {
      Object.assign(count, { failures: 0, recoveries: 0, alertId: to === 'firing' ? alertId : null });
    } else this.#counts.delete(ruleId);
  }

  /** Requires that the last verdict led to the expected status and alerts. */
  #requireConsequences(): void {
    requireEqual(this.#expectedAlerts, [], `${this.#id}: every verdict has its alerts`);
    if (this.#expectedStatus !== null) {
      requireEqual(this.#shownStatus, this.#expectedStatus, `${this.#id}: the status is that of the last verdict`);
    }
    this.#expectedStatus = null;
  }

  /* ---- assignments --------------------------------------------------------------------------------------- */

  #assign({ before, next }: Assigned): void {
    this.#requireConsequences();
    if (before === undefined) {
      this.#counts.clear();
      this.#shownStatus = 'pending';
      return;
    }
    this.#handOver(before, next);
    // A pause resets the counts. An open alert ends by its own event.
    if (!next.enabled) for (const count of this.#counts.values()) Object.assign(count, { failures: 0, recoveries: 0 });
  }

  /** A new rule takes over the open alert of a removed one. */
  #handOver(before: AssignedMonitor, next: AssignedMonitor): void {
    const only = (one: AssignedMonitor, other: AssignedMonitor) =>
      one.rules.map(({ id }) => id).filter((id) => !other.rules.some((rule) => rule.id === id));
    const heirs = only(next, before);
    for (const gone of only(before, next)) {
      const count = this.#counts.get(gone);
      if (count === undefined) continue;
      const heir = count.alertId === null ? undefined : heirs.shift();
      if (heir !== undefined) this.#counts.set(heir, count);
      // Without a new rule the alert's end is reported, and #alert needs the count for it.
      if (count.alertId === null || heir !== undefined) this.#counts.delete(gone);
    }
  }
}

/** Requires that a verdict follows from the results of its round. */
function requireBallot(event: RoundJudgedEvent, results: ReadonlyMap<string, Seen>, { quorum }: AssignedMonitor): void {
  const { status, cause, excluded } = event;
  const votes = [...results].filter(([location, { outcome }]) => isVote(outcome) && !excluded.includes(location));
  const failing = votes.filter(([, { outcome }]) => isFailure(outcome)).map(([location]) => location);
  const about = { event, results: [...results] };
  if (status === 'unknown') {
    const reasons = new Set([...results.values()].map(({ reason }) => reason));
    if (cause === 'overloaded') requireEqual([...reasons], ['overloaded'], 'a verdict knows of overload');
    if (cause === 'missed') requireEqual([...reasons], ['missed_slot'], 'a verdict knows of missed slots');
    if (cause === 'changed' || cause === 'paused' || cause === 'interrupted') {
      requireEqual(event.failing, [], 'a round that does not count has no failures');
    }
    return;
  }
  requireEqual(event.failing.map(({ location }) => location).sort(), failing.sort(), 'a verdict names what fails');
  if (status === 'up') requireThat(failing.length === 0 && votes.length > 0, 'up means that nothing fails', about);
  if (status === 'degraded') {
    requireThat(failing.length > 0 && failing.length < votes.length, 'degraded means that some fail', about);
    requireThat(failing.length < (quorum ?? Number.POSITIVE_INFINITY), 'degraded is below the quorum', about);
  }
  if (status === 'down') {
    requireThat(failing.length > 0, 'down means that something fails', about);
    if (quorum !== null) {
      requireThat(failing.length >= Math.min(quorum, votes.length), 'down is at least the quorum', about);
    }
  }
}
