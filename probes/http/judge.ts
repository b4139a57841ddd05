import { type Answer, evaluateAssertion } from '#domain/assertion/assertion-evaluation.ts';
import type { WorkBudget } from '#domain/assertion/work-budget.ts';
import type { HttpConfig } from '#domain/check/monitor.ts';
import type { Reason } from '#domain/check/result.ts';

export interface Judgement {
  /** The first failure; undefined without any. */
  readonly reason: Reason | undefined;
  /** All failures in words. */
  readonly detail: string | undefined;
  /** One line for each assertion. */
  readonly lines: readonly string[];
}

/** The default when no assertion is about the status: success after redirects. */
const STATUS_DEFAULT = { source: 'status', compare: 'eq', value: '200-399' } as const;

/** Evaluates the answer: the status first, then every assertion in order, all within one budget. */
export function judgeAnswer(config: HttpConfig, answer: Answer, budget: WorkBudget): Judgement {
  const aboutStatus = config.assertions.filter((assertion) => assertion.source === 'status');
  const others = config.assertions.filter((assertion) => assertion.source !== 'status');
  const claims = [...(aboutStatus.length > 0 ? aboutStatus : [STATUS_DEFAULT]), ...others];
  const judged = claims.map((assertion) => ({ assertion, ...evaluateAssertion(assertion, answer, budget) }));
  const wrong = judged.flatMap((one) => (one.passed ? [] : [one]));
  const [first] = wrong;
  return {
    reason: first === undefined ? undefined : first.assertion.source === 'status' ? 'status_unexpected' : first.reason,
    detail: first === undefined ? undefined : wrong.map((one) => one.message).join('; '),
    lines: judged.map((one) => `${one.passed ? '✓' : '✗'} ${one.message}`),
  };
}

/** True when an assertion needs the body's content. */
export function needsBody(config: HttpConfig): boolean {
  return config.assertions.some((assertion) => assertion.source === 'body' || assertion.source === 'json');
}
