import { Link } from '@tanstack/react-router';
import type { Incident } from '#domain/api/alerting.ts';
import { IncidentStatus, SeverityWord } from '../ui/incident-status.tsx';
import { Lasting, Moment } from '../ui/moment.tsx';

/** A table with one incident per row. */
export function IncidentTable(props: { readonly incidents: readonly Incident[]; readonly withMonitor: boolean }) {
  const { incidents, withMonitor } = props;
  return (
    <table aria-label="Incidents" className="cards">
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Incident</th>
          {withMonitor && <th scope="col">Monitor</th>}
          <th scope="col">Severity</th>
          <th scope="col">Began</th>
          <th scope="col" className="number">
            Lasted
          </th>
        </tr>
      </thead>
      <tbody>
        {incidents.map((incident) => (
          <tr key={incident.id}>
            <td className="state">
              <IncidentStatus status={incident.status} />
            </td>
            <td className="title">
              <Link to="/incidents/$incidentId" params={{ incidentId: incident.id }}>
                {incident.title}
              </Link>
              {incident.summary !== '' && <span className="quiet small-text under">{incident.summary}</span>}
            </td>
            {withMonitor && (
              <td>
                {incident.monitorId === null ? (
                  <span className="quiet">–</span>
                ) : (
                  <Link to="/monitors/$monitorId" params={{ monitorId: incident.monitorId }}>
                    {incident.monitorName ?? 'Monitor'}
                  </Link>
                )}
              </td>
            )}
            <td>
              <SeverityWord incident={incident} />
            </td>
            <td data-label="Began">
              <Moment at={incident.startedAt} />
            </td>
            <td className="number" data-label="Lasted">
              <Lasting since={incident.startedAt} until={incident.resolvedAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
