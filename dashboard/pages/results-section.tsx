import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Monitor } from '#domain/api/monitor-answers.ts';
import { formatBytes } from '#domain/quantity.ts';
import { REASON_WORDS } from '#domain/reason-words.ts';
import { type CheckResult, OUTCOMES } from '#domain/result.ts';
import { resultsQuery } from '../api/queries.ts';
import { locationName } from '../format/location-name.ts';
import { formatLatency } from '../format/measures.ts';
import { OUTCOME_STATES, OUTCOME_WORDS } from '../format/outcome-words.ts';
import { Moment } from '../ui/moment.tsx';
import { MoreButton } from '../ui/more-button.tsx';
import { Section } from '../ui/page.tsx';
import { QueryView } from '../ui/query-view.tsx';
import { StatusMark } from '../ui/status.tsx';

const PHASES = [
  ['dnsMs', 'DNS'],
  ['connectMs', 'connect'],
  ['tlsMs', 'TLS'],
  ['ttfbMs', 'first byte'],
  ['transferMs', 'transfer'],
] as const;

/** What the latest checks came to, newest first, live. */
export function ResultsSection({ monitor }: { readonly monitor: Monitor }) {
  const [location, setLocation] = useState('');
  const [outcome, setOutcome] = useState('');
  const query = useInfiniteQuery(
    resultsQuery(monitor.id, { location: location || undefined, outcome: outcome || undefined }),
  );
  return (
    <Section
      title="Recent results"
      actions={
        <>
          <select
            aria-label="Location of results"
            className="compact"
            value={location}
            onChange={(event) => setLocation(event.target.value)}
          >
            <option value="">All locations</option>
            {monitor.locations.map(({ id }) => (
              <option key={id} value={id}>
                {locationName(id)}
              </option>
            ))}
          </select>
          <select
            aria-label="Outcome of results"
            className="compact"
            value={outcome}
            onChange={(event) => setOutcome(event.target.value)}
          >
            <option value="">All outcomes</option>
            {OUTCOMES.map((kind) => (
              <option key={kind} value={kind}>
                {OUTCOME_WORDS[kind]}
              </option>
            ))}
          </select>
        </>
      }
    >
      <QueryView query={query}>
        {({ pages }) => {
          const results = pages.flatMap((page) => page.data);
          if (results.length === 0) {
            return (
              <p className="quiet">
                {location === '' && outcome === ''
                  ? 'No result yet. The first round starts within seconds.'
                  : 'No result passes the filter.'}
              </p>
            );
          }
          return (
            <>
              <table aria-label="Recent results" className="cards">
                <thead>
                  <tr>
                    <th scope="col">Slot</th>
                    <th scope="col">Location</th>
                    <th scope="col">Outcome</th>
                    <th scope="col" className="number">
                      Response
                    </th>
                    <th scope="col">What it saw</th>
                  </tr>
                </thead>
                <tbody>
                  {results.map((result) => (
                    <ResultRow key={result.id} result={result} />
                  ))}
                </tbody>
              </table>
              <MoreButton query={query} />
            </>
          );
        }}
      </QueryView>
    </Section>
  );
}

function ResultRow({ result }: { readonly result: CheckResult }) {
  const state = OUTCOME_STATES[result.outcome];
  return (
    <tr>
      <td>
        <Moment at={result.scheduledAt} seconds />
        {result.manual && <span className="tag"> manual</span>}
      </td>
      <td>{locationName(result.location)}</td>
      <td>
        <span className={`status state-${state}`}>
          <StatusMark status={state} />
          {OUTCOME_WORDS[result.outcome]}
        </span>
      </td>
      <td className="number" data-label="Response" title={phasesText(result)}>
        {formatLatency(result.responseTimeMs)}
      </td>
      <td className="saw">{seen(result)}</td>
    </tr>
  );
}

function seen(result: CheckResult): string {
  const parts: string[] = [];
  if (result.reason !== undefined) parts.push(REASON_WORDS[result.reason]);
  if (result.detail !== undefined) parts.push(result.detail);
  if (parts.length === 0 && result.statusCode !== undefined) parts.push(`HTTP ${result.statusCode}`);
  if (result.bodyBytes !== undefined && result.reason === undefined) parts.push(formatBytes(result.bodyBytes));
  if (result.attempts > 1) parts.push(`${result.attempts} attempts`);
  return parts.join(', ');
}

function phasesText({ phases }: CheckResult): string | undefined {
  if (phases === undefined) return undefined;
  return PHASES.flatMap(([key, word]) => {
    const ms = phases[key];
    return ms === undefined ? [] : [`${word} ${formatLatency(ms)}`];
  }).join(', ');
}
