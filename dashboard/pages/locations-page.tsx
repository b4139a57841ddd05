import { useQuery } from '@tanstack/react-query';
import type { z } from 'zod';
import type { locationSchema } from '#domain/api/monitor-answers.ts';
import { locationsQuery } from '../api/queries.ts';
import { formatLatency } from '../format/measures.ts';
import { Ago } from '../ui/moment.tsx';
import { Page } from '../ui/page.tsx';
import { QueryView } from '../ui/query-view.tsx';
import { StatusMark } from '../ui/status.tsx';

type Location = z.infer<typeof locationSchema>;

const WORDS = { ok: 'Working', dark: 'Dark', unknown: 'No results yet' } as const;
const STATES = { ok: 'up', dark: 'degraded', unknown: 'unknown' } as const;

export function LocationsPage() {
  const query = useQuery(locationsQuery);
  return (
    <Page
      title="Locations"
      heading={query.data === undefined ? 'Locations' : answer(query.data.data)}
      lead="Where checks run. A location from which nearly everything fails, while the same targets answer from elsewhere, is dark: it has no vote in verdicts."
    >
      <QueryView query={query}>
        {({ data }) => (
          <table aria-label="Locations" className="cards">
            <thead>
              <tr>
                <th scope="col">Location</th>
                <th scope="col">Status</th>
                <th scope="col">Region</th>
                <th scope="col">Data centres</th>
                <th scope="col" className="number">
                  Results, last hour
                </th>
                <th scope="col" className="number">
                  Median response
                </th>
                <th scope="col" className="number">
                  Last result
                </th>
              </tr>
            </thead>
            <tbody>
              {data.map((location) => (
                <tr key={location.id}>
                  <td>
                    <span className={`swatch swatch-${location.id}`} /> {location.name}, {location.country}{' '}
                    <span className="quiet small-text">{location.id}</span>
                  </td>
                  <td>
                    <span className={`status state-${STATES[location.status]}`}>
                      <StatusMark status={STATES[location.status]} />
                      {WORDS[location.status]}
                    </span>
                    <DarkFor whom={location.darkFor} />
                    <Overloaded checks={location.overloadedLastHour} />
                  </td>
                  <td className="quiet" data-label="Region">
                    {location.region}
                  </td>
                  <td data-label="Data centres">
                    {location.colos.length === 0 ? (
                      <span className="quiet">not told</span>
                    ) : (
                      location.colos.map(({ colo, results }) => `${colo} (${results})`).join(', ')
                    )}
                  </td>
                  <td className="number" data-label="Results">
                    {location.resultsLastHour.toLocaleString('en')}
                  </td>
                  <td className="number" data-label="Median">
                    {formatLatency(location.medianResponseTimeMs)}
                  </td>
                  <td className="number quiet" data-label="Last">
                    {location.lastResultAt === null ? 'never' : <Ago at={location.lastResultAt} />}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </QueryView>
    </Page>
  );
}

/** The number of overloaded checks, shown in words because an overloaded location otherwise looks healthy. */
export function Overloaded({ checks }: { readonly checks: number }) {
  if (checks === 0) return null;
  const missed = checks === 1 ? '1 check' : `${checks.toLocaleString('en')} checks`;
  return <p className="quiet small-text">{missed} missed in the last hour: too many at once</p>;
}

const DARK_FOR = {
  everybody: 'for all monitors of the installation',
  organization: "for your organization: your own monitors' hosts fail only from here",
} as const;

/** For whose monitors a location is dark: what one organization has caused is not shown to others. */
export function DarkFor({ whom }: { readonly whom: Location['darkFor'] }) {
  return whom === null ? null : <p className="quiet small-text">{DARK_FOR[whom]}</p>;
}

function answer(locations: readonly Location[]): string {
  const dark = locations.filter(({ status }) => status === 'dark');
  if (dark.length > 0) return `${dark.map(({ name }) => name).join(', ')} ${dark.length === 1 ? 'is' : 'are'} dark`;
  if (locations.every(({ status }) => status === 'unknown')) return 'No location has reported yet';
  const working = locations.filter(({ status }) => status === 'ok').length;
  if (working === locations.length) return `All ${working} locations are working`;
  return `${working} of ${locations.length} locations are working`;
}
