import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import type { Monitor } from '#domain/api/monitor-answers.ts';
import { formatDuration } from '#domain/base/quantity.ts';
import { reasonWords } from '#domain/check/reason-words.ts';
import { monitorQuery, monitorsQuery } from '../api/queries.ts';
import { command } from '../api/request.ts';
import { LatencySection } from '../charts/latency-section.tsx';
import { locationName } from '../format/location-name.ts';
import { formatLatency } from '../format/measures.ts';
import { reasonText } from '../format/reason-text.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { Ago, Lasting, Moment } from '../ui/moment.tsx';
import { Page, Section } from '../ui/page.tsx';
import { QueryView } from '../ui/query-view.tsx';
import { RowProblemNotice } from '../ui/row-problem-notice.tsx';
import { Status } from '../ui/status.tsx';
import { AlertRulesSection } from './alert-rules-section.tsx';
import { MonitorIncidentsSection } from './monitor-incidents-section.tsx';
import { ResultsSection } from './results-section.tsx';
import { UptimeSection } from './uptime-section.tsx';

const route = getRouteApi('/app/monitors/$monitorId');

export function MonitorPage() {
  const { monitorId } = route.useParams();
  const query = useQuery(monitorQuery(monitorId));
  const monitor = query.data;
  return (
    <Page
      title={monitor === undefined ? 'Monitor' : `${monitor.name} (${monitor.status})`}
      crumb={<Link to="/monitors">Monitors</Link>}
      heading={monitor === undefined ? 'Monitor' : <Answer monitor={monitor} />}
      lead={monitor === undefined ? undefined : <Evidence monitor={monitor} />}
      actions={monitor === undefined ? undefined : <Actions key={monitor.id} monitor={monitor} />}
    >
      <QueryView query={query} rows={12}>
        {(loaded) => (
          <div key={loaded.id}>
            <RowProblemNotice problem={loaded.problem} />
            <LatencySection monitorId={loaded.id} createdAt={loaded.createdAt} />
            <UptimeSection monitorId={loaded.id} createdAt={loaded.createdAt} />
            <LocationsSection monitor={loaded} />
            <MonitorIncidentsSection monitorId={loaded.id} />
            <AlertRulesSection monitorId={loaded.id} />
            <ResultsSection monitor={loaded} />
          </div>
        )}
      </QueryView>
    </Page>
  );
}

function Answer({ monitor }: { readonly monitor: Monitor }): ReactNode {
  const { name, status, statusSince } = monitor;
  const since =
    statusSince === null ? null : (
      <>
        {' '}
        since <Moment at={statusSince} />
      </>
    );
  switch (status) {
    case 'pending':
      return `${name} waits for its first results`;
    case 'unknown':
      return (
        <>
          It is not known how {name} is{since}
        </>
      );
    case 'maintenance':
      return (
        <>
          {name} is in maintenance{since}
        </>
      );
    default:
      return (
        <>
          {name} is {status}
          {since}
        </>
      );
  }
}

/** The observations behind the status. */
function Evidence({ monitor }: { readonly monitor: Monitor }) {
  const failing = monitor.locations.filter(({ status }) => status === 'down');
  const reasons = [...new Set(failing.flatMap(({ reason }) => (reason === null ? [] : [reasonWords(reason)])))];
  return (
    <>
      <Status status={monitor.status} />
      {' · '}
      {monitor.statusSince !== null && (
        <>
          <Lasting since={monitor.statusSince} />
          {' · '}
        </>
      )}
      {failing.length > 0 && monitor.status !== 'paused' && (
        <>
          {failing.length === monitor.locations.length
            ? failing.length === 1
              ? 'its location fails'
              : `all ${failing.length} locations fail`
            : `${failing.map(({ id }) => locationName(id)).join(', ')} ${failing.length === 1 ? 'fails' : 'fail'}`}
          {reasons.length > 0 && `: ${reasons.join(', ')}`}
          {' · '}
        </>
      )}
      {monitor.config.method} <a href={monitor.config.url}>{monitor.config.url}</a>{' '}
      <span className="nowrap">every {formatDuration(monitor.intervalSeconds * 1000)}</span>
      {monitor.tags.map((tag) => (
        <span key={tag}>
          {' '}
          <Link to="/monitors" search={{ tag }} className="tag">
            {tag}
          </Link>
        </span>
      ))}
    </>
  );
}

function Actions({ monitor }: { readonly monitor: Monitor }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [said, setSaid] = useState('');
  const act = useMutation({
    mutationFn: (verb: 'pause' | 'resume' | 'check') => command(`/monitors/${monitor.id}/${verb}`),
    onSuccess: (_, verb) => {
      setSaid(verb === 'check' ? 'Check requested from every location' : '');
      void client.invalidateQueries(monitorQuery(monitor.id));
      void client.invalidateQueries(monitorsQuery);
    },
  });
  const remove = useMutation({
    mutationFn: () => command(`/monitors/${monitor.id}`, { method: 'DELETE' }),
    onSuccess: async () => {
      await navigate({ to: '/monitors' });
      client.removeQueries({ queryKey: ['monitor', monitor.id] });
      void client.invalidateQueries(monitorsQuery);
    },
  });
  const paused = !monitor.enabled || monitor.status === 'paused';
  const error = act.error ?? remove.error;
  return (
    <>
      <button type="button" className="button" disabled={act.isPending || paused} onClick={() => act.mutate('check')}>
        Check now
      </button>
      <button
        type="button"
        className="button"
        disabled={act.isPending}
        onClick={() => act.mutate(paused ? 'resume' : 'pause')}
      >
        {paused ? 'Resume' : 'Pause'}
      </button>
      <Link to="/monitors/$monitorId/edit" params={{ monitorId: monitor.id }} className="button">
        Edit
      </Link>
      <ConfirmButton
        label="Delete"
        question={`Delete ${monitor.name}?`}
        confirmLabel="Delete monitor"
        onConfirm={() => remove.mutate()}
      >
        Its checks stop and its results go with it. Pausing keeps them.
      </ConfirmButton>
      <span role="status" className="small-text quiet">
        {said}
      </span>
      {error !== null && <ErrorNotice error={error} />}
    </>
  );
}

function LocationsSection({ monitor }: { readonly monitor: Monitor }) {
  return (
    <Section title="Locations">
      <table aria-label="Locations" className="cards">
        <thead>
          <tr>
            <th scope="col">Location</th>
            <th scope="col">Status</th>
            <th scope="col" className="number">
              Response
            </th>
            <th scope="col">What it saw</th>
            <th scope="col">Data centre</th>
            <th scope="col" className="number">
              Last check
            </th>
          </tr>
        </thead>
        <tbody>
          {monitor.locations.map((location) => (
            <tr key={location.id}>
              <td>
                <span className={`swatch swatch-${location.id}`} /> {locationName(location.id)}{' '}
                <span className="quiet small-text">{location.id}</span>
              </td>
              <td>
                <Status status={location.status} />
              </td>
              <td className="number" data-label="Response">
                {formatLatency(location.responseTimeMs)}
              </td>
              <td className="saw">
                {location.reason === null ? (
                  <span className="quiet">{location.status === 'up' ? 'as expected' : '–'}</span>
                ) : (
                  reasonText(location.reason, location.detail)
                )}
              </td>
              <td data-label="Data centre">{location.colo ?? <span className="quiet">not told</span>}</td>
              <td className="number quiet" data-label="Checked">
                {location.lastCheckAt === null ? 'not yet' : <Ago at={location.lastCheckAt} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
