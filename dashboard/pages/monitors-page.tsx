import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { memo, useEffect } from 'react';
import type { Monitor } from '#domain/api/monitor-answers.ts';
import type { MonitorStatus } from '#domain/check/status.ts';
import { monitorsQuery } from '../api/queries.ts';
import { count, formatLatency, formatPercent } from '../format/measures.ts';
import { monitorTarget } from '../format/monitor-target.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { LatencyStrip } from '../ui/latency-strip.tsx';
import { LocationMarks } from '../ui/location-marks.tsx';
import { Ago, Moment } from '../ui/moment.tsx';
import { Page } from '../ui/page.tsx';
import { QueryView } from '../ui/query-view.tsx';
import { STATUS_WORDS, Status } from '../ui/status.tsx';
import {
  answerOf,
  awaitsUptime,
  medianLatencyMs,
  STATUSES_BY_URGENCY,
  selectMonitors,
  tagsOf,
} from './monitors-view.ts';

const route = getRouteApi('/app/monitors');

/** A new monitor's uptime is not on the live stream: refetch interval of the list until it has one. */
const FIRST_UPTIME_REFRESH_MS = 3_000;

export function MonitorsPage() {
  const query = useQuery(monitorsQuery);
  useFirstUptime(query.data?.items.some(awaitsUptime) === true);
  const items = query.data?.items;
  const down = items?.filter(({ status }) => status === 'down').length ?? 0;
  return (
    <Page
      title={down > 0 ? `(${down} down) Monitors` : 'Monitors'}
      heading={items === undefined ? 'Monitors' : <Answer monitors={items} />}
      actions={items?.length === 0 ? undefined : <AddMonitor />}
    >
      <QueryView query={query} rows={8}>
        {(list) =>
          list.items.length === 0 ? (
            <EmptyState title="Nothing is watched yet" action={<AddMonitor />}>
              A monitor asks a URL from six places in the world, as often as every five seconds, and tells you when most
              of them agree that it is down. All it needs is the URL.
            </EmptyState>
          ) : (
            <>
              <MonitorTable monitors={list.items} />
              {!list.complete && (
                <p className="section quiet small-text">
                  The first {list.items.length} monitors are shown; the REST API has them all.
                </p>
              )}
            </>
          )
        }
      </QueryView>
    </Page>
  );
}

/** A separate timer, because the query's `refetchInterval` restarts with every live result and might never elapse. */
function useFirstUptime(awaited: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!awaited) return;
    const timer = setInterval(() => void client.invalidateQueries(monitorsQuery), FIRST_UPTIME_REFRESH_MS);
    return () => clearInterval(timer);
  }, [awaited, client]);
}

function AddMonitor() {
  return (
    <Link to="/monitors/new" className="button primary">
      Add monitor
    </Link>
  );
}

function Answer({ monitors }: { readonly monitors: readonly Monitor[] }) {
  const answer = answerOf(monitors);
  return (
    <span aria-live="polite">
      {answer.text}
      {answer.since !== null && (
        <>
          , since <Moment at={answer.since} />
        </>
      )}
    </span>
  );
}

function MonitorTable({ monitors }: { readonly monitors: readonly Monitor[] }) {
  const search = route.useSearch();
  const shown = selectMonitors(monitors, search);
  return (
    <>
      <Filters monitors={monitors} />
      {shown.length === 0 ? (
        <EmptyState
          title="No monitor matches"
          action={
            <Link to="/monitors" search={{}} className="button">
              Clear the filter
            </Link>
          }
        >
          {count(monitors.length, 'monitor')} {monitors.length === 1 ? 'is' : 'are'} hidden by the filter.
        </EmptyState>
      ) : (
        <table className="monitors cards" aria-label="Monitors">
          <thead>
            <tr>
              <th scope="col">Status</th>
              <th scope="col">Monitor</th>
              <th scope="col">Locations</th>
              <th scope="col" className="wide-only" title="One mark per location on a logarithmic scale">
                Response, 1 ms to 10 s
              </th>
              <th scope="col" className="number">
                Median
              </th>
              <th scope="col" className="number">
                Uptime 24 h
              </th>
              <th scope="col" className="number">
                Last check
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((monitor) => (
              <MonitorRow key={monitor.id} monitor={monitor} />
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

const MonitorRow = memo(function MonitorRow({ monitor }: { readonly monitor: Monitor }) {
  // Results from before the pause are not shown.
  const locations = monitor.status === 'paused' ? [] : monitor.locations;
  return (
    <tr>
      <td className="state">
        <Status status={monitor.status} />
      </td>
      <td className="name">
        <Link to="/monitors/$monitorId" params={{ monitorId: monitor.id }}>
          {monitor.name}
        </Link>
        <span className="under">
          {monitorTarget(monitor)}
          {monitor.tags.map((tag) => (
            <span key={tag}> · {tag}</span>
          ))}
        </span>
      </td>
      <td>
        <LocationMarks locations={locations} />
      </td>
      <td className="wide-only">
        <LatencyStrip locations={locations} />
      </td>
      <td className="number" data-label="Median">
        {formatLatency(medianLatencyMs(locations))}
      </td>
      <td className="number" data-label="Uptime 24 h">
        {formatPercent(monitor.uptime24h)}
        {monitor.uptime24hSince !== null && (
          <span className="under">
            since <Moment at={monitor.uptime24hSince} />
          </span>
        )}
      </td>
      <td className="number quiet" data-label="Checked">
        {monitor.lastCheckAt === null ? 'not yet' : <Ago at={monitor.lastCheckAt} />}
      </td>
    </tr>
  );
});

function Filters({ monitors }: { readonly monitors: readonly Monitor[] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = (patch: Partial<typeof search>) =>
    void navigate({ search: (before) => ({ ...before, ...patch }), replace: true });
  const counts = new Map<MonitorStatus, number>();
  for (const { status } of monitors) counts.set(status, (counts.get(status) ?? 0) + 1);
  const tags = tagsOf(monitors);

  return (
    <search className="filters">
      <input
        type="search"
        aria-label="Search monitors"
        placeholder="Search name, URL or tag"
        value={search.q ?? ''}
        onChange={(event) => change({ q: event.target.value === '' ? undefined : event.target.value })}
      />
      <fieldset className="presets" aria-label="Status">
        <button
          type="button"
          className="choice"
          aria-pressed={search.status === undefined}
          onClick={() => change({ status: undefined })}
        >
          All {monitors.length}
        </button>
        {STATUSES_BY_URGENCY.filter((status) => counts.has(status) || search.status === status).map((status) => (
          <button
            key={status}
            type="button"
            className="choice"
            aria-pressed={search.status === status}
            onClick={() => change({ status: search.status === status ? undefined : status })}
          >
            {STATUS_WORDS[status]} {counts.get(status) ?? 0}
          </button>
        ))}
      </fieldset>
      {tags.length > 0 && (
        <select
          aria-label="Tag"
          value={search.tag ?? ''}
          onChange={(event) => change({ tag: event.target.value === '' ? undefined : event.target.value })}
        >
          <option value="">All tags</option>
          {tags.map((tag) => (
            <option key={tag}>{tag}</option>
          ))}
        </select>
      )}
    </search>
  );
}
