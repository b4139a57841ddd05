import type { TestAnswer } from '#domain/wire/wire.ts';
import { locationName } from '../format/location-name.ts';
import { formatLatency } from '../format/measures.ts';
import { OUTCOME_STATES, OUTCOME_WORDS } from '../format/outcome-words.ts';
import { reasonText } from '../format/reason-text.ts';
import { StatusMark } from '../ui/status.tsx';

/** The outcome at each location, with the probe's transcript. */
export function TestOutcomes({ outcomes }: { readonly outcomes: TestAnswer['outcomes'] }) {
  const good = outcomes.filter(({ outcome }) => outcome === 'success').length;
  return (
    <>
      <p role="status">{answerOf(outcomes.length - good, outcomes.length)}</p>
      <ul className="outcomes" aria-label="Test results">
        {outcomes.map((outcome) => (
          <li key={outcome.location}>
            <p className="head">
              <strong>{locationName(outcome.location)}</strong>
              <span className={`status state-${OUTCOME_STATES[outcome.outcome]}`}>
                <StatusMark status={OUTCOME_STATES[outcome.outcome]} />
                {OUTCOME_WORDS[outcome.outcome]}
              </span>
              <span className="number">{formatLatency(outcome.responseTimeMs)}</span>
            </p>
            <p className="quiet small-text detail">
              {outcome.statusCode !== undefined && `HTTP ${outcome.statusCode}. `}
              {reasonText(outcome.reason, outcome.detail)}
            </p>
            {outcome.transcript !== undefined && outcome.transcript.length > 0 && (
              <details>
                <summary>Transcript</summary>
                <pre className="transcript">{outcome.transcript.join('\n')}</pre>
              </details>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

/** "1 of 6 locations does not succeed.": the verb goes with the number that failed. */
export function answerOf(failed: number, total: number): string {
  if (total === 1) return failed === 0 ? 'The location succeeds.' : 'The location does not succeed.';
  if (failed === 0) return `All ${total} locations succeed.`;
  if (failed === total) return `None of ${total} locations succeeds.`;
  return `${failed} of ${total} locations ${failed === 1 ? 'does' : 'do'} not succeed.`;
}
