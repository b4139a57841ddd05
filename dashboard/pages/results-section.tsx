import { useInfiniteQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import type { Monitor } from '#domain/api/monitor-answers.ts';
import { formatBytes } from '#domain/base/quantity.ts';
import { LOCATION_IDS, type LocationId } from '#domain/check/location.ts';
import { reasonWords } from '#domain/check/reason-words.ts';
import { type CheckResult, OUTCOMES } from '#domain/check/result.ts';
import { resultsQuery } from '../api/queries.ts';
import { locationName } from '../format/location-name.ts';
import { formatLatency } from '../format/measures.ts';
import { OUTCOME_STATES, OUTCOME_WORDS } from '../format/outcome-words.ts';
import { reasonText } from '../format/reason-text.ts';
import { Moment } from '../ui/moment.tsx';
import { MoreButton } from '../ui/more-button.tsx';
import { Section } from '../ui/page.tsx';
import { QueryView } from '../ui/query-view.tsx';
import { StatusMark } from '../ui/status.tsx';
import { columnsOf, type Round, roundsOf } from './rounds-view.ts';

const PHASES = [
  ['dnsMs', 'DNS'],
  ['connectMs', 'connect'],
  ['tlsMs', 'TLS'],
  ['ttfbMs', 'first byte'],
  ['transferMs', 'transfer'],
] as const;

/** The latest rounds, newest first and live: a row per round, a cell per location. */
export function ResultsSection({ monitor }: { readonly monitor: Monitor }) {
  const [location, setLocation] = useState<LocationId>();
  const [outcome, setOutcome] = useState('');
  const query = useInfiniteQuery(resultsQuery(monitor.id, { location, outcome: outcome || undefined }));
  return (
    <Section
      title="Recent results"
      actions={
        <>
          <select
            aria-label="Location of results"
            className="compact"
            value={location ?? ''}
            onChange={(event) => setLocation(LOCATION_IDS.find((id) => id === event.target.value))}
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
          const rounds = roundsOf(
            pages.flatMap((page) => page.data),
            query.hasNextPage,
          );
          if (rounds.length === 0) {
            return (
              <p className="quiet">
                {location === undefined && outcome === ''
                  ? 'No result yet. The first round starts within seconds.'
                  : 'No result passes the filter.'}
              </p>
            );
          }
          return (
            <>
              <RoundTable
                rounds={rounds}
                columns={columnsOf(monitor, rounds, location)}
                absent={outcome === '' ? 'No result' : 'Not among the chosen outcomes'}
              />
              <MoreButton query={query} />
            </>
          );
        }}
      </QueryView>
    </Section>
  );
}

interface RoundProps {
  readonly columns: readonly LocationId[];
  /** The meaning of a location without a result here. */
  readonly absent: string;
}

function RoundTable({ rounds, ...props }: RoundProps & { readonly rounds: readonly Round[] }) {
  return (
    <table aria-label="Recent results" className="rounds">
      <thead>
        <tr>
          <th scope="col">Slot</th>
          {props.columns.map((id) => (
            <th key={id} scope="col">
              {locationName(id)}
            </th>
          ))}
        </tr>
      </thead>
      {rounds.map((round) => (
        <RoundRows key={round.key} round={round} {...props} />
      ))}
    </table>
  );
}

/** The row of a round and, when expanded, the result of each location below it. */
function RoundRows({ round, columns, absent }: RoundProps & { readonly round: Round }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <tbody>
      <tr>
        <th scope="row">
          <button
            type="button"
            className="disclosure"
            aria-expanded={open}
            aria-controls={id}
            onClick={() => setOpen(!open)}
          >
            <Moment at={round.scheduledAt} seconds />
            {round.manual && <span className="tag">manual</span>}
            <span className="visually-hidden">, details</span>
          </button>
        </th>
        {columns.map((location) => (
          <td key={location} data-label={locationName(location)}>
            <Cell result={round.results.get(location)} absent={absent} alone={columns.length === 1} />
          </td>
        ))}
      </tr>
      <tr id={id} hidden={!open}>
        {open && (
          <td colSpan={columns.length + 1}>
            <ul className="details">
              {columns.map((location) => {
                const result = round.results.get(location);
                return result === undefined ? null : <Detail key={location} result={result} />;
              })}
            </ul>
          </td>
        )}
      </tr>
    </tbody>
  );
}

/** Shape and response time of a result, and its failure in words; in full where there is room. */
function Cell(props: {
  readonly result: CheckResult | undefined;
  readonly absent: string;
  /** True when this is the only column. */
  readonly alone: boolean;
}) {
  const { result, absent, alone } = props;
  if (result === undefined) {
    return (
      <span className="quiet" title={absent}>
        <span aria-hidden="true">–</span>
        <span className="visually-hidden">{absent}</span>
      </span>
    );
  }
  const { outcome, reason, responseTimeMs } = result;
  const state = OUTCOME_STATES[outcome];
  const failed = outcome !== 'success';
  return (
    <>
      <span className="reading">
        <StatusMark status={state} label={OUTCOME_WORDS[outcome]} />
        {(responseTimeMs !== null || !failed) && formatLatency(responseTimeMs)}
        {alone && failed && responseTimeMs !== null && ' · '}
      </span>
      {failed && (
        <span className={`cause small-text state-${state}${alone || responseTimeMs === null ? ' beside' : ''}`}>
          {alone ? seen(result) : reason === undefined ? OUTCOME_WORDS[outcome] : reasonWords(reason)}
        </span>
      )}
    </>
  );
}

function Detail({ result }: { readonly result: CheckResult }) {
  const state = OUTCOME_STATES[result.outcome];
  const more = [phasesText(result), result.colo === null ? '' : `data centre ${result.colo}`].filter(
    (text) => text !== '',
  );
  return (
    <li>
      <strong>{locationName(result.location)}</strong>
      <span className={`status state-${state}`}>
        <StatusMark status={state} />
        {OUTCOME_WORDS[result.outcome]}
      </span>
      <span className="number">{formatLatency(result.responseTimeMs)}</span>
      <span className="saw">
        {seen(result)}
        {more.length > 0 && <span className="cause quiet small-text">{more.join(' · ')}</span>}
      </span>
    </li>
  );
}

function seen(result: CheckResult): string {
  const parts: string[] = [];
  const why = reasonText(result.reason, result.detail);
  if (why !== '') parts.push(why);
  if (parts.length === 0 && result.statusCode !== undefined) parts.push(`HTTP ${result.statusCode}`);
  if (result.bodyBytes !== undefined && result.reason === undefined) parts.push(formatBytes(result.bodyBytes));
  if (result.attempts > 1) parts.push(`${result.attempts} attempts`);
  return parts.join(', ');
}

function phasesText({ phases = {} }: CheckResult): string {
  return PHASES.flatMap(([key, word]) => {
    const ms = phases[key];
    return ms === undefined ? [] : [`${word} ${formatLatency(ms)}`];
  }).join(', ');
}
