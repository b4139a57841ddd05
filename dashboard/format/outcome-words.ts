import type { OutcomeKind } from '#domain/check/result.ts';

/** Outcomes in words, and the status whose shape and colour represent them. */

export const OUTCOME_WORDS = {
  success: 'Success',
  failure: 'Failure',
  timeout: 'Timeout',
  error: 'Not measured',
} as const satisfies Record<OutcomeKind, string>;

export const OUTCOME_STATES = {
  success: 'up',
  failure: 'down',
  timeout: 'down',
  error: 'unknown',
} as const satisfies Record<OutcomeKind, 'up' | 'down' | 'unknown'>;
