import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { SEVERITIES } from '#domain/alert/alert.ts';
import { INCIDENT_STATUSES } from '#domain/incident/incident.ts';
import { SEVERITY_WORDS } from '#domain/incident/incident-words.ts';
import { incidentsQuery, openIncidentsQuery } from '../api/queries.ts';
import { count } from '../format/measures.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { Moment } from '../ui/moment.tsx';
import { MoreButton } from '../ui/more-button.tsx';
import { Page } from '../ui/page.tsx';
import { QueryView } from '../ui/query-view.tsx';
import { IncidentTable } from './incident-table.tsx';

const route = getRouteApi('/app/incidents');

const FILTER_WORDS = { open: 'Open', acknowledged: 'Acknowledged', resolved: 'Resolved' } as const;

export function IncidentsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const query = useInfiniteQuery(incidentsQuery(search));
  return (
    <Page
      title="Incidents"
      heading={<Answer />}
      actions={
        <Link to="/incidents/new" className="button">
          Open incident
        </Link>
      }
    >
      <search className="filters">
        <fieldset className="presets" aria-label="Status">
          <button
            type="button"
            className="choice"
            aria-pressed={search.status === undefined}
            onClick={() => void navigate({ search: { ...search, status: undefined }, replace: true })}
          >
            All
          </button>
          {INCIDENT_STATUSES.map((status) => (
            <button
              key={status}
              type="button"
              className="choice"
              aria-pressed={search.status === status}
              onClick={() => void navigate({ search: { ...search, status }, replace: true })}
            >
              {FILTER_WORDS[status]}
            </button>
          ))}
        </fieldset>
        <select
          aria-label="Severity"
          value={search.severity ?? ''}
          onChange={(event) => {
            const severity = SEVERITIES.find((candidate) => candidate === event.target.value);
            void navigate({ search: { ...search, severity }, replace: true });
          }}
        >
          <option value="">All severities</option>
          {SEVERITIES.map((severity) => (
            <option key={severity} value={severity}>
              {SEVERITY_WORDS[severity]}
            </option>
          ))}
        </select>
      </search>
      <QueryView query={query}>
        {({ pages }) => {
          const incidents = pages.flatMap((page) => page.data);
          if (incidents.length === 0)
            return <Empty filtered={search.status !== undefined || search.severity !== undefined} />;
          return (
            <>
              <IncidentTable incidents={incidents} withMonitor />
              <MoreButton query={query} />
            </>
          );
        }}
      </QueryView>
    </Page>
  );
}

function Answer() {
  const { data: open } = useQuery(openIncidentsQuery);
  if (open === undefined) return 'Incidents';
  const oldest = open.at(-1);
  if (oldest === undefined) return 'No incident is open';
  const waiting = open.filter(({ status }) => status === 'open').length;
  return (
    <span aria-live="polite">
      {count(open.length, 'incident')} {open.length === 1 ? 'is' : 'are'} open
      {waiting === 0 && ', all acknowledged'}, since <Moment at={oldest.startedAt} />
    </span>
  );
}

function Empty({ filtered }: { readonly filtered: boolean }) {
  if (filtered) {
    return (
      <EmptyState
        title="No incident passes the filter"
        action={
          <Link to="/incidents" search={{}} className="button">
            Show all
          </Link>
        }
      >
        Others may be there.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title="Nothing has happened yet"
      action={
        <Link to="/channels" className="button">
          Choose who is told
        </Link>
      }
    >
      When a monitor goes down an incident opens here by itself, with what was seen and who was told, and resolves when
      the monitor is up again. What no monitor sees you can open by hand.
    </EmptyState>
  );
}
