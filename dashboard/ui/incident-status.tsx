import type { Incident } from '#domain/api/alerting.ts';
import { SEVERITY_WORDS } from '#domain/incident/incident-words.ts';
import { StatusMark } from './status.tsx';

const INCIDENT_WORDS = {
  open: 'Open',
  acknowledged: 'Acknowledged',
  resolved: 'Resolved',
} as const satisfies Record<Incident['status'], string>;

/** Open looks like down, acknowledged like degraded, resolved like up: the same three shapes everywhere. */
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

/** Coloured while someone should act; history is not. */
export function SeverityWord({ incident }: { readonly incident: Pick<Incident, 'severity' | 'status'> }) {
  const colour = incident.status === 'resolved' ? '' : ` severity-${incident.severity}`;
  return <span className={`severity${colour}`}>{SEVERITY_WORDS[incident.severity]}</span>;
}
