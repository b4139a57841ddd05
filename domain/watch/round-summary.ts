import { shortened } from '../base/short-text.ts';
import { reasonWords } from '../check/reason-words.ts';

/** One sentence about a round, for alerts, incidents, webhooks and pages. */
export interface FailingLocation {
  readonly location: string;
  readonly reason?: string | undefined;
  readonly detail?: string | undefined;
}

/** Longest detail that is quoted in a sentence. */
const QUOTED_DETAIL_MAX = 120;

/**
 * "4 of 6 locations failed: connection refused" · "1 of 6 locations failed (eu-west): timed out" ·
 * "All 6 locations are up". The most frequent reason is named; a single location is named too.
 */
export function roundSummary(asked: number, failing: readonly FailingLocation[]): string {
  const places = asked === 1 ? 'location' : 'locations';
  if (failing.length === 0) return asked === 1 ? 'The location is up' : `All ${asked} locations are up`;
  const [only, ...others] = failing;
  const where = only !== undefined && others.length === 0 && asked > 1 ? ` (${only.location})` : '';
  const why = mainCause(failing);
  return `${failing.length} of ${asked} ${places} failed${where}${why === null ? '' : `: ${why}`}`;
}

/** The most frequent reason in words, or its detail where all locations report the same one. */
function mainCause(failing: readonly FailingLocation[]): string | null {
  const counts = new Map<string, number>();
  for (const { reason } of failing) if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const [main] = [...counts].sort(([, a], [, b]) => b - a);
  if (main === undefined) return null;
  const [reason] = main;
  const details = new Set(failing.filter((one) => one.reason === reason).map((one) => one.detail));
  const [detail] = details;
  if (!DETAIL_SAYS_MORE.has(reason) || details.size !== 1 || detail === undefined) return reasonWords(reason);
  return shortened(detail, QUOTED_DETAIL_MAX);
}

/** Reasons whose detail says more than their words, such as "expected status 200-399, got 503". */
const DETAIL_SAYS_MORE: ReadonlySet<string> = new Set([
  'status_unexpected',
  'assertion_failed',
  'assertion_unevaluable',
]);
