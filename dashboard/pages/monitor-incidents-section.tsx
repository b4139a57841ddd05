import { useInfiniteQuery } from '@tanstack/react-query';
import { incidentsQuery } from '../api/queries.ts';
import { MoreButton } from '../ui/more-button.tsx';
import { Section } from '../ui/page.tsx';
import { QueryView } from '../ui/query-view.tsx';
import { IncidentTable } from './incident-table.tsx';

export function MonitorIncidentsSection({ monitorId }: { readonly monitorId: string }) {
  const query = useInfiniteQuery(incidentsQuery({ monitorId }));
  return (
    <Section title="Incidents">
      <QueryView query={query} rows={2}>
        {({ pages }) => {
          const incidents = pages.flatMap((page) => page.data);
          if (incidents.length === 0) return <p className="quiet">None so far.</p>;
          return (
            <>
              <IncidentTable incidents={incidents} withMonitor={false} />
              <MoreButton query={query} />
            </>
          );
        }}
      </QueryView>
    </Section>
  );
}
