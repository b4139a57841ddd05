import { formatDuration } from '#domain/base/quantity.ts';
import type { MonitorStatus } from '#domain/check/status.ts';
import { PUBLIC_STATUS_WORDS, SEVERITY_WORDS } from '#domain/incident/incident-words.ts';
import { PAGE_HISTORY_DAYS, type PageComponent, type PageIncident, type PageSnapshot } from '#domain/page/snapshot.ts';
import { StateIcon } from './state-icon.tsx';
import { countText, dateRangeText, dateText, instantText, recentDates, utcDate } from './wording.ts';

const SEVERITY_STATES = {
  critical: 'down',
  major: 'down',
  minor: 'degraded',
  info: 'maintenance',
} as const satisfies Record<PageIncident['severity'], MonitorStatus>;

export function OpenIncidents({
  incidents,
  components,
  more,
}: {
  incidents: readonly PageIncident[];
  components: readonly PageComponent[];
  /** Open incidents that the snapshot has no room for. */
  more: number;
}) {
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
      {more > 0 && (
        <p class="quiet">
          {countText(more, 'more incident')} {more === 1 ? 'is' : 'are'} open.
        </p>
      )}
    </section>
  );
}

/** The last PAGE_HISTORY_DAYS days. An incident stands on the day it ended; adjacent quiet days share a line. */
export function IncidentHistory({ page, nowMs }: { page: PageSnapshot; nowMs: number }) {
  return (
    <section class="part" aria-labelledby="history">
      <h2 id="history">
        Past incidents <span>last {PAGE_HISTORY_DAYS} days, by the UTC day they ended</span>
      </h2>
      <ol class="history">
        {historyDays(page, nowMs).map((day) => (
          <li>
            <h3 class="quiet">{dateRangeText(day.from, day.to)}</h3>
            <div>
              {day.ended.map((incident) => (
                <PastIncident incident={incident} components={page.components} />
              ))}
              <DaySummary day={day} />
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}

interface HistoryDay {
  from: string;
  readonly to: string;
  readonly ended: readonly PageIncident[];
  /** Incidents that were open on the day and did not end on it. */
  readonly lasting: readonly PageIncident[];
  /** False for days of which the snapshot has no room for all incidents. */
  readonly isComplete: boolean;
}

/** The last line of a day: incidents that lasted beyond it, or that there was none. */
function DaySummary({ day: { ended, lasting, isComplete } }: { day: HistoryDay }) {
  if (lasting.length > LASTING_NAMED_MAX) {
    return <p class="quiet">{countText(lasting.length, 'incident')} lasted beyond this day.</p>;
  }
  return (
    <>
      {lasting.map(({ id, title, resolvedAt }) => (
        <p class="quiet">
          <a href={`#${id}`}>{title}</a>
          {resolvedAt === null ? ' is still open' : ` lasted until ${dateText(resolvedAt)}`}
        </p>
      ))}
      {!isComplete && <p class="quiet">There were more incidents than are shown here.</p>}
      {isComplete && ended.length === 0 && lasting.length === 0 && <p class="quiet">No incidents</p>}
    </>
  );
}

/** Most lasting incidents that a day names. */
const LASTING_NAMED_MAX = 5;

function historyDays({ incidents, historySince, moreOpenIncidents = 0 }: PageSnapshot, nowMs: number): HistoryDay[] {
  const days: HistoryDay[] = [];
  for (const date of recentDates(nowMs, PAGE_HISTORY_DAYS)) {
    const open = incidents.filter(({ startedAt, resolvedAt }) => {
      const ended = resolvedAt === null ? null : utcDate(Date.parse(resolvedAt));
      return utcDate(Date.parse(startedAt)) <= date && (ended === null || ended >= date);
    });
    const [ended, lasting] = [true, false].map((didEnd) =>
      open.filter(({ resolvedAt }) => (resolvedAt !== null && utcDate(Date.parse(resolvedAt)) === date) === didEnd),
    ) as [PageIncident[], PageIncident[]];
    const isInHistory = historySince == null || date > utcDate(Date.parse(historySince));
    // The open incidents without room are the oldest: they may have been open on a day without any other.
    const isComplete = isInHistory && (moreOpenIncidents === 0 || lasting.length > 0);
    const day = { from: date, to: date, ended, lasting, isComplete };
    const later = days.at(-1);
    if (later !== undefined && sayTheSame(later, day)) later.from = date;
    else days.push(day);
  }
  return days;
}

function sayTheSame(later: HistoryDay, day: HistoryDay): boolean {
  return (
    later.ended.length + day.ended.length === 0 &&
    later.isComplete === day.isComplete &&
    later.lasting.map(({ id }) => id).join() === day.lasting.map(({ id }) => id).join()
  );
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
