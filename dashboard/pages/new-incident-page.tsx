import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { SEVERITIES, type Severity } from '#domain/alert/alert.ts';
import { incidentCreateSchema, incidentSchema, type PublishedPage } from '#domain/api/alerting.ts';
import { SEVERITY_WORDS } from '#domain/incident/incident-words.ts';
import { monitorsQuery, openIncidentsQuery } from '../api/queries.ts';
import { request } from '../api/request.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { Field } from '../ui/field.tsx';
import { Page } from '../ui/page.tsx';
import { TextField } from '../ui/text-field.tsx';
import { useDraftErrors } from '../ui/use-draft-errors.ts';
import { PublishedPages } from './published-pages.tsx';

/** Opens an incident by hand. */
export function NewIncidentPage() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const monitors = useQuery(monitorsQuery).data?.items ?? [];
  const [draft, setDraft] = useState({ title: '', severity: 'major' as Severity, monitorId: '', summary: '' });
  const [pages, setPages] = useState<readonly PublishedPage[]>([]);
  const body = {
    ...draft,
    title: draft.title.trim(),
    monitorId: draft.monitorId === '' ? null : draft.monitorId,
    pages: draft.monitorId === '' ? pages : [],
  };
  const create = useMutation({
    mutationFn: () => request('/incidents', incidentSchema, { method: 'POST', body }),
    onSuccess: async (incident) => {
      void client.invalidateQueries({ queryKey: ['incidents'] });
      void client.invalidateQueries(openIncidentsQuery);
      await navigate({ to: '/incidents/$incidentId', params: { incidentId: incident.id } });
    },
  });
  const errors = useDraftErrors(incidentCreateSchema, body, create.error);
  return (
    <Page
      title="Open incident"
      heading="What has happened?"
      crumb={<Link to="/incidents">Incidents</Link>}
      lead="Opening it tells all default channels at once. It stays open until someone resolves it."
    >
      <form
        className="form narrow"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (errors.submit()) create.mutate();
        }}
      >
        <TextField
          label="Title"
          error={errors.of('title')}
          help="What users notice, in a few words."
          placeholder="Payments fail for some cards"
          value={draft.title}
          onBlur={() => errors.touch('title')}
          onText={(text) => setDraft({ ...draft, title: text })}
        />
        <Field label="Severity">
          {(control) => (
            <select
              {...control}
              value={draft.severity}
              onChange={(event) =>
                setDraft({
                  ...draft,
                  severity: SEVERITIES.find((severity) => severity === event.target.value) ?? 'major',
                })
              }
            >
              {SEVERITIES.map((severity) => (
                <option key={severity} value={severity}>
                  {SEVERITY_WORDS[severity]}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field
          label="Monitor"
          error={errors.of('monitorId')}
          help="Status pages that show this monitor show the incident. Without one you choose the pages."
        >
          {(control) => (
            <select
              {...control}
              value={draft.monitorId}
              onChange={(event) => setDraft({ ...draft, monitorId: event.target.value })}
            >
              <option value="">None</option>
              {monitors.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
        {draft.monitorId === '' && <PublishedPages chosen={pages} onChange={setPages} />}
        <Field label="Summary" optional error={errors.of('summary')} help="What is known so far.">
          {(control) => (
            <textarea
              {...control}
              value={draft.summary}
              onChange={(event) => setDraft({ ...draft, summary: event.target.value })}
            />
          )}
        </Field>
        {create.error !== null && <ErrorNotice error={create.error} />}
        <div className="actions">
          <button type="submit" className="button primary" disabled={create.isPending}>
            {create.isPending ? 'Opening…' : 'Open incident'}
          </button>
          <Link to="/incidents" className="button">
            Cancel
          </Link>
        </div>
      </form>
    </Page>
  );
}
