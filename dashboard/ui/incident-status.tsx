import type { Incident } from '#domain/api/alerting.ts';
import { SEVERITY_WORDS } from '#domain/incident/incident-words.ts';
import { StatusMark } from './status.tsx';

const INCIDENT_WORDS = {
  open: 'Open',
  acknowledged: 'Acknowledged',
  resolved: 'Resolved',
} as const satisfies Record<Incident['status'], string>;

/** Incidents use the shapes of statuses: open that of down, acknowledged of degraded, resolved of up. */
const INCIDENT_STATES = {
  open: 'down',
  acknowledged: 'degraded',
  resolved: 'up',
} as const satisfies Record<Incident['status'], string>;

export function IncidentStatus({ status }: { readonly status: Incident['status'] }) {
  const state = INCIDENT_STATES[status];
  return (
    <span className={`status state-${state}`}>
      <StatusMark status={state} />
      {INCIDENT_WORDS[status]}
    </span>
  );
}

/** The severity, coloured until the incident is resolved. */
export function SeverityWord({ incident }: { readonly incident: Pick<Incident, 'severity' | 'status'> }) {
  const colour = incident.status === 'resolved' ? '' : ` severity-${incident.severity}`;
  return <span className={`severity${colour}`}>{SEVERITY_WORDS[incident.severity]}</span>;
}
