import { reasonWords } from '#domain/check/reason-words.ts';
import type { TestAnswer } from '#domain/wire/wire.ts';
import { locationName } from '../format/location-name.ts';
import { formatLatency } from '../format/measures.ts';
import { OUTCOME_STATES, OUTCOME_WORDS } from '../format/outcome-words.ts';
import { StatusMark } from '../ui/status.tsx';

/** The outcome at each location, with the probe's transcript. */
export function TestOutcomes({ outcomes }: { readonly outcomes: TestAnswer['outcomes'] }) {
  const good = outcomes.filter(({ outcome }) => outcome === 'success').length;
  return (
    <>
      <p role="status">
        {good === outcomes.length
          ? `All ${outcomes.length} locations succeed.`
          : `${outcomes.length - good} of ${outcomes.length} locations do not succeed.`}
      </p>
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
              {outcome.reason !== undefined && `${reasonWords(outcome.reason)}. `}
              {outcome.detail}
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
