import { formatDuration } from '#domain/base/quantity.ts';
import type { MonitorStatus } from '#domain/check/status.ts';
import { PUBLIC_STATUS_WORDS, SEVERITY_WORDS } from '#domain/incident/incident-words.ts';
import type { PageComponent, PageIncident } from '#domain/page/snapshot.ts';
import { StateIcon } from './state-icon.tsx';
import { dateRangeText, instantText, recentDates } from './wording.ts';

const HISTORY_DAYS = 14;

const SEVERITY_STATES = {
  critical: 'down',
  major: 'down',
  minor: 'degraded',
  info: 'maintenance',
} as const satisfies Record<PageIncident['severity'], MonitorStatus>;

interface IncidentsProps {
  readonly incidents: readonly PageIncident[];
  readonly components: readonly PageComponent[];
}

export function OpenIncidents({ incidents, components }: IncidentsProps) {
  if (incidents.length === 0) return null;
  return (
    <section class="part" aria-labelledby="open-incidents">
      <h2 id="open-incidents">Open now</h2>
      {incidents.map((incident) => (
        <article class={`incident open ${SEVERITY_STATES[incident.severity]}`} id={incident.id}>
          <h3>{incident.title}</h3>
          <Facts incident={incident} components={components} />
          <Updates incident={incident} />
        </article>
      ))}
    </section>
  );
}

/** The last HISTORY_DAYS days by the day an incident began. Adjacent days without incidents share a line. */
export function IncidentHistory({ incidents, components, nowMs }: IncidentsProps & { nowMs: number }) {
  const days = historyDays(incidents, nowMs);
  return (
    <section class="part" aria-labelledby="history">
      <h2 id="history">
        Past incidents <span>last {HISTORY_DAYS} days, by UTC day</span>
      </h2>
      <ol class="history">
        {days.map((day) => (
          <li>
            <h3 class="quiet">{dateRangeText(day.from, day.to)}</h3>
            {day.incidents.length === 0 ? (
              <p class="quiet">No incidents</p>
            ) : (
              <div>
                {day.incidents.map((incident) => (
                  <PastIncident incident={incident} components={components} />
                ))}
              </div>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

interface HistoryDay {
  from: string;
  readonly to: string;
  readonly incidents: readonly PageIncident[];
}

function historyDays(incidents: readonly PageIncident[], nowMs: number): readonly HistoryDay[] {
  const days: HistoryDay[] = [];
  for (const date of recentDates(nowMs, HISTORY_DAYS)) {
    const began = incidents.filter((incident) => incident.startedAt.startsWith(date));
    const later = days.at(-1);
    if (began.length === 0 && later?.incidents.length === 0) later.from = date;
    else days.push({ from: date, to: date, incidents: began });
  }
  return days;
}

function PastIncident({ incident, components }: { incident: PageIncident; components: readonly PageComponent[] }) {
  return (
    <article class="incident" id={incident.id}>
      <h4>{incident.title}</h4>
      <Facts incident={incident} components={components} />
      {incident.updates.length > 0 && (
        <details id={`updates-${incident.id}`}>
          <summary>
            {incident.updates.length === 1 ? '1 update' : `${incident.updates.length} updates`}
            <span class="hidden"> to {incident.title}</span>
          </summary>
          <Updates incident={incident} />
        </details>
      )}
    </article>
  );
}

function Facts({ incident, components }: { incident: PageIncident; components: readonly PageComponent[] }) {
  const affected = components.filter((component) => incident.componentIds.includes(component.id));
  const state = SEVERITY_STATES[incident.severity];
  return (
    <ul class="facts">
      <li class={`state ${state}`}>
        <StateIcon status={state} />
        {SEVERITY_WORDS[incident.severity]}
      </li>
      <li>{PUBLIC_STATUS_WORDS[incident.status]}</li>
      <li>
        {incident.resolvedAt === null ? 'Since ' : ''}
        <Instant at={incident.startedAt} />
      </li>
      {incident.resolvedAt !== null && <li>Lasted {lasted(incident.startedAt, incident.resolvedAt)}</li>}
      {affected.length > 0 && <li>Affects {affected.map((component) => component.name).join(', ')}</li>}
    </ul>
  );
}

function lasted(startedAt: string, resolvedAt: string): string {
  return formatDuration(Date.parse(resolvedAt) - Date.parse(startedAt));
}

function Updates({ incident }: { incident: PageIncident }) {
  if (incident.updates.length === 0) return null;
  return (
    <ol class="updates" aria-label={`Updates to ${incident.title}, newest first`}>
      {incident.updates.map((update) => (
        <li>
          <div class="small">
            <b>{PUBLIC_STATUS_WORDS[update.status]}</b>{' '}
            <span class="quiet">
              <Instant at={update.at} />
            </span>
          </div>
          <p>{update.body}</p>
        </li>
      ))}
    </ol>
  );
}

export function Instant({ at }: { at: string }) {
  return <time datetime={at}>{instantText(at)}</time>;
}
