import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type IncidentDetail, incidentDetailSchema, type PublishedPage } from '#domain/api/alerting.ts';
import { incidentQuery } from '../api/queries.ts';
import { request } from '../api/request.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { PublishedPages } from './published-pages.tsx';

/** Chooses the status pages that show an incident without a monitor. */
export function PublishForm({ incident }: { readonly incident: IncidentDetail }) {
  const client = useQueryClient();
  const [pages, setPages] = useState<readonly PublishedPage[]>(incident.pages);
  const publish = useMutation({
    mutationFn: () =>
      request(`/incidents/${incident.id}/pages`, incidentDetailSchema, { method: 'PUT', body: { pages } }),
    onSuccess: (detail) => client.setQueryData(incidentQuery(incident.id).queryKey, detail),
  });
  return (
    <form
      className="form form-section"
      onSubmit={(event) => {
        event.preventDefault();
        publish.mutate();
      }}
    >
      <PublishedPages chosen={pages} onChange={setPages} />
      {publish.error !== null && <ErrorNotice error={publish.error} />}
      <p className="actions">
        <button type="submit" className="button" disabled={publish.isPending || sameAs(pages, incident.pages)}>
          Save status pages
        </button>
      </p>
    </form>
  );
}

function sameAs(pages: readonly PublishedPage[], others: readonly PublishedPage[]): boolean {
  return JSON.stringify(pages) === JSON.stringify(others);
}
