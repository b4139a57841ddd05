import { z } from 'zod';
import { derivedId } from '../base/id.ts';
import type { VerdictStatus } from '../check/status.ts';

/**
 * Alert rules and their state machine: a deterministic function of (rule, state, observation).
 * `ok → pending → firing → resolving → ok`; pending and resolving are skipped when a threshold is 1.
 */
export const SEVERITIES = ['critical', 'major', 'minor', 'info'] as const;
export const severitySchema = z.enum(SEVERITIES);
export type Severity = z.infer<typeof severitySchema>;

/** The conditions of alert rules. A new condition is a new member of the union. */
export const alertConditionSchema = z.discriminatedUnion('type', [
  /** Consecutive rounds judged `down` before the alert fires. */
  z.strictObject({ type: z.literal('consecutiveFailures'), count: z.int().min(1).max(100) }),
]);

export const assignedRuleSchema = z.strictObject({
  id: z.string(),
  condition: alertConditionSchema,
  severity: severitySchema,
  /** Consecutive rounds not `down` before a firing alert resolves. */
  recoveryCount: z.int().min(1).max(100),
});
export type AssignedRule = z.infer<typeof assignedRuleSchema>;

export interface Observation {
  readonly scheduledAtMs: number;
  readonly status: VerdictStatus;
}

export const alertStateSchema = z.object({
  phase: z.enum(['ok', 'pending', 'firing', 'resolving']),
  /** Consecutive observations counted towards the next phase. */
  count: z.int(),
  /** Set while firing or resolving. */
  alertId: z.string().nullable(),
  sinceMs: z.number(),
});
export type AlertState = z.infer<typeof alertStateSchema>;

export const INITIAL_ALERT_STATE: AlertState = { phase: 'ok', count: 0, alertId: null, sinceMs: 0 };

/**
 * An alert began or ended; sent to the core. The id is derived from the alert and the direction, so a repeated send has
 * the same id.
 */
export interface AlertChange {
  readonly alertId: string;
  readonly ruleId: string;
  readonly to: 'firing' | 'resolved';
  readonly severity: Severity;
  readonly scheduledAtMs: number;
}

export function reduceAlert(
  monitorId: string,
  rule: AssignedRule,
  state: AlertState,
  observation: Observation,
): { state: AlertState; change: AlertChange | null } {
  // An `unknown` round is evidence neither of failure nor of recovery.
  if (observation.status === 'unknown') return { state, change: null };
  const failing = observation.status === 'down';
  const at = observation.scheduledAtMs;

  if (state.phase === 'ok' || state.phase === 'pending') {
    if (!failing) return { state: state.phase === 'ok' ? state : ok(at), change: null };
    const count = state.count + 1;
    if (count < rule.condition.count) {
      return {
        state: { phase: 'pending', count, alertId: null, sinceMs: count === 1 ? at : state.sinceMs },
        change: null,
      };
    }
    const alertId = derivedId('alr', at, monitorId, rule.id);
    return {
      state: { phase: 'firing', count: 0, alertId, sinceMs: at },
      change: { alertId, ruleId: rule.id, to: 'firing', severity: rule.severity, scheduledAtMs: at },
    };
  }

  if (failing) return { state: { ...state, phase: 'firing', count: 0 }, change: null };
  const count = state.count + 1;
  if (count < rule.recoveryCount) return { state: { ...state, phase: 'resolving', count }, change: null };
  return { state: ok(at), change: resolution(rule, state, at) };
}

/** Ends an alert for a reason outside its observations: the monitor was paused or deleted, or the rule removed. */
export function endAlert(
  rule: Pick<AssignedRule, 'id' | 'severity'>,
  state: AlertState,
  atMs: number,
): { state: AlertState; change: AlertChange | null } {
  return { state: ok(atMs), change: resolution(rule, state, atMs) };
}

function ok(sinceMs: number): AlertState {
  return { phase: 'ok', count: 0, alertId: null, sinceMs };
}

function resolution(
  rule: Pick<AssignedRule, 'id' | 'severity'>,
  state: AlertState,
  scheduledAtMs: number,
): AlertChange | null {
  if (state.alertId === null) return null;
  return { alertId: state.alertId, ruleId: rule.id, to: 'resolved', severity: rule.severity, scheduledAtMs };
}
