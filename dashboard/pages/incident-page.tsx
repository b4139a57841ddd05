import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import type { IncidentDetail, TimelineEntry } from '#domain/api/alerting.ts';
import { PUBLIC_STATUS_WORDS, UNREACHED_WORDS, unreachedSentence } from '#domain/incident/incident-words.ts';
import { PUBLIC_INCIDENT_STATUSES } from '#domain/page/snapshot.ts';
import { incidentQuery, openIncidentsQuery } from '../api/queries.ts';
import { command } from '../api/request.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { Field } from '../ui/field.tsx';
import { IncidentStatus, SeverityWord } from '../ui/incident-status.tsx';
import { Lasting, Moment } from '../ui/moment.tsx';
import { Page, Section } from '../ui/page.tsx';
import { QueryView } from '../ui/query-view.tsx';
import { RowProblemNotice } from '../ui/row-problem-notice.tsx';
import { PublishForm } from './publish-form.tsx';

const route = getRouteApi('/app/incidents/$incidentId');

/** Notifications are not on the live stream: refetch interval of the timeline while they are being sent. */
const TELLING_REFRESH_MS = 3_000;
/** The first attempts fall into this time after a change. */
const TELLING_MS = 60_000;

const KIND_WORDS = {
  opened: 'Opened',
  acknowledged: 'Acknowledged',
  resolved: 'Resolved',
  reopened: 'Reopened',
  note: 'Note',
  update: 'Public update',
  notification: 'Notification',
  recovery: 'Recovery',
  published: 'Status pages',
} as const satisfies Record<TimelineEntry['kind'], string>;

export function IncidentPage() {
  const { incidentId } = route.useParams();
  const query = useQuery({
    ...incidentQuery(incidentId),
    refetchInterval: ({ state: { data } }) =>
      data !== undefined && Date.now() - Date.parse(data.updatedAt) < TELLING_MS ? TELLING_REFRESH_MS : false,
  });
  const incident = query.data;
  return (
    <Page
      title={incident?.title ?? 'Incident'}
      crumb={<Link to="/incidents">Incidents</Link>}
      heading={incident?.title ?? 'Incident'}
      lead={incident === undefined ? undefined : <Answer incident={incident} />}
      actions={incident === undefined ? undefined : <Actions incident={incident} />}
    >
      <QueryView query={query}>
        {(loaded) => (
          <>
            <RowProblemNotice problem={loaded.problem} />
            <Unreached incident={loaded} />
            <div className="split">
              <Section title="Timeline">
                <ol className="timeline" aria-label="Timeline">
                  {loaded.timeline.map((entry) => (
                    <Entry key={entry.id} entry={entry} said={saidAbove(loaded, entry)} />
                  ))}
                </ol>
              </Section>
              <aside className="form" aria-label="Facts and updates">
                <Facts incident={loaded} />
                <NoteForm incidentId={loaded.id} />
                {loaded.monitorId === null && <PublishForm key={JSON.stringify(loaded.pages)} incident={loaded} />}
                {(loaded.monitorId !== null || loaded.pages.length > 0) && (
                  <UpdateForm key={loaded.publicStatus} incident={loaded} />
                )}
              </aside>
            </div>
          </>
        )}
      </QueryView>
    </Page>
  );
}

/** Says that nobody knows of the incident. */
function Unreached({ incident }: { readonly incident: IncidentDetail }) {
  const { status, reason } = incident.reach;
  if (status !== 'nobody') return null;
  return (
    <div className="notice warning" role="status">
      <p>
        This incident reached nobody{reason !== null && `: ${UNREACHED_WORDS[reason]}`}.{' '}
        <Link to="/channels">Look at the channels</Link>
      </p>
    </div>
  );
}

function Answer({ incident }: { readonly incident: IncidentDetail }) {
  const { status, startedAt, resolvedAt } = incident;
  return (
    <>
      <IncidentStatus status={status} />
      {' · '}
      {resolvedAt === null ? (
        <>
          since <Moment at={startedAt} />, for <Lasting since={startedAt} />
        </>
      ) : (
        <>
          <Moment at={startedAt} /> to <Moment at={resolvedAt} />, <Lasting since={startedAt} until={resolvedAt} />
        </>
      )}
      {incident.summary !== '' && ` · ${incident.summary}`}
    </>
  );
}

function Facts({ incident }: { readonly incident: IncidentDetail }) {
  return (
    <dl className="facts">
      <dt>Severity</dt>
      <dd>
        <SeverityWord incident={incident} />
      </dd>
      {incident.monitorId !== null && (
        <>
          <dt>Monitor</dt>
          <dd>
            <Link to="/monitors/$monitorId" params={{ monitorId: incident.monitorId }}>
              {incident.monitorName ?? 'Monitor'}
            </Link>
          </dd>
        </>
      )}
      {(incident.monitorId !== null || incident.pages.length > 0) && (
        <>
          <dt>Status pages say</dt>
          <dd>{PUBLIC_STATUS_WORDS[incident.publicStatus]}</dd>
        </>
      )}
      {incident.acknowledgedAt !== null && (
        <>
          <dt>Acknowledged</dt>
          <dd>
            <Moment at={incident.acknowledgedAt} />
          </dd>
        </>
      )}
    </dl>
  );
}

export function Entry({ entry, said: alreadySaid = '' }: { readonly entry: TimelineEntry; readonly said?: string }) {
  const said = entry.kind === 'note' || entry.kind === 'update';
  return (
    <li className={`kind-${entry.kind}`}>
      <p>
        <strong>{entryWords(entry, alreadySaid)}</strong>{' '}
        <span className="quiet small-text">
          <Moment at={entry.at} seconds /> · {entry.actor.name}
        </span>
      </p>
      {entry.text !== '' && entry.text !== alreadySaid && (
        <p className={said ? 'said quote' : 'said quiet'}>{entry.text}</p>
      )}
    </li>
  );
}

/** What happened, in a word or two; with the public status of an update. */
function entryWords(entry: TimelineEntry, alreadySaid: string): string {
  const publicStatus = PUBLIC_INCIDENT_STATUSES.find((status) => status === entry.data.publicStatus);
  if (entry.kind === 'update' && publicStatus !== undefined) {
    return `${KIND_WORDS.update}: ${PUBLIC_STATUS_WORDS[publicStatus].toLowerCase()}`;
  }
  if (entry.kind === 'notification' && entry.text === alreadySaid) return 'Nobody reached';
  return KIND_WORDS[entry.kind];
}

/**
 * The sentence above the timeline that a line would repeat. The first line repeats the summary, or else the title; the
 * line that nobody was reached repeats the notice.
 */
function saidAbove({ title, summary, reach }: IncidentDetail, entry: TimelineEntry): string {
  if (entry.kind === 'opened') return summary === '' ? title : summary;
  if (entry.kind !== 'notification' || reach.status !== 'nobody' || reach.reason === null) return '';
  return unreachedSentence(reach.reason);
}

/** Sends one change of an incident and refetches it. */
function useIncidentChange(incidentId: string, onDone?: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ verb, body }: { verb: string; body?: unknown }) =>
      command(`/incidents/${incidentId}/${verb}`, body === undefined ? {} : { body }),
    onSuccess: async () => {
      onDone?.();
      await Promise.all([
        client.invalidateQueries(incidentQuery(incidentId)),
        client.invalidateQueries(openIncidentsQuery),
        client.invalidateQueries({ queryKey: ['incidents'] }),
      ]);
    },
  });
}

function Actions({ incident }: { readonly incident: IncidentDetail }): ReactNode {
  const change = useIncidentChange(incident.id);
  const button = (verb: string, label: string, primary = false) => (
    <button
      type="button"
      className={primary ? 'button primary' : 'button'}
      disabled={change.isPending}
      onClick={() => change.mutate({ verb })}
    >
      {label}
    </button>
  );
  return (
    <>
      {incident.status === 'open' && button('acknowledge', 'Acknowledge', true)}
      {incident.status !== 'resolved' && button('resolve', 'Resolve')}
      {incident.status === 'resolved' && button('reopen', 'Reopen')}
      {change.error !== null && <ErrorNotice error={change.error} />}
    </>
  );
}

function NoteForm({ incidentId }: { readonly incidentId: string }) {
  const [text, setText] = useState('');
  const change = useIncidentChange(incidentId, () => setText(''));
  return (
    <form
      className="form form-section"
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate({ verb: 'notes', body: { text } });
      }}
    >
      <Field label="Note" help="For your team; never shown on a status page.">
        {(control) => <textarea {...control} required value={text} onChange={(event) => setText(event.target.value)} />}
      </Field>
      {change.error !== null && <ErrorNotice error={change.error} />}
      <p className="actions">
        <button type="submit" className="button" disabled={change.isPending || text.trim() === ''}>
          Add note
        </button>
      </p>
    </form>
  );
}

function UpdateForm({ incident }: { readonly incident: IncidentDetail }) {
  const [status, setStatus] = useState(incident.publicStatus);
  const [body, setBody] = useState('');
  const change = useIncidentChange(incident.id, () => setBody(''));
  return (
    <form
      className="form form-section"
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate({ verb: 'updates', body: { status, body } });
      }}
    >
      <Field label="Public status">
        {(control) => (
          <select
            {...control}
            value={status}
            onChange={(event) =>
              setStatus(PUBLIC_INCIDENT_STATUSES.find((candidate) => candidate === event.target.value) ?? status)
            }
          >
            {PUBLIC_INCIDENT_STATUSES.map((candidate) => (
              <option key={candidate} value={candidate}>
                {PUBLIC_STATUS_WORDS[candidate]}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field
        label="Public update"
        help={`Shown at once on ${incident.monitorId === null ? 'the chosen status pages' : 'every status page with this monitor'}.`}
      >
        {(control) => <textarea {...control} required value={body} onChange={(event) => setBody(event.target.value)} />}
      </Field>
      {change.error !== null && <ErrorNotice error={change.error} />}
      <p className="actions">
        <button type="submit" className="button" disabled={change.isPending || body.trim() === ''}>
          Publish update
        </button>
      </p>
    </form>
  );
}
