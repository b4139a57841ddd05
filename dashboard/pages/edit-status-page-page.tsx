import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { type StatusPage, statusPageSchema } from '#domain/api/status-page.ts';
import { statusPageQuery, statusPagesQuery } from '../api/queries.ts';
import { command, request } from '../api/request.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { Page } from '../ui/page.tsx';
import { PublishState } from '../ui/publish-state.tsx';
import { QueryView } from '../ui/query-view.tsx';
import { pageDraftOf } from './status-page-draft.ts';
import { StatusPageForm } from './status-page-form.tsx';

const route = getRouteApi('/app/status-pages/$pageId');
/** Publishing is not on the live stream: refetch interval until the edge has the page. */
const PUBLISHING_REFRESH_MS = 2_000;

export function EditStatusPagePage() {
  const { pageId } = route.useParams();
  const query = useQuery({
    ...statusPageQuery(pageId),
    refetchInterval: ({ state: { data } }) =>
      data !== undefined && (data.publishedVersion ?? 0) < data.version ? PUBLISHING_REFRESH_MS : false,
  });
  const page = query.data;
  return (
    <Page
      title={page?.name ?? 'Status page'}
      heading={page?.name ?? 'Status page'}
      crumb={<Link to="/status-pages">Status pages</Link>}
      lead={
        page === undefined ? undefined : (
          <>
            <PublishState page={page} />
            {' · '}
            <a href={page.url} target="_blank" rel="noreferrer">
              {page.url}
            </a>
          </>
        )
      }
      actions={page === undefined ? undefined : <Actions page={page} />}
    >
      <QueryView query={query}>{(loaded) => <EditForm key={loaded.id} page={loaded} />}</QueryView>
    </Page>
  );
}

function Actions({ page }: { readonly page: StatusPage }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => command(`/status-pages/${page.id}`, { method: 'DELETE' }),
    onSuccess: async () => {
      await navigate({ to: '/status-pages' });
      void client.invalidateQueries(statusPagesQuery);
    },
  });
  return (
    <>
      <a href={page.url} target="_blank" rel="noreferrer" className="button">
        Open the page
      </a>
      <ConfirmButton
        label="Delete"
        question={`Delete ${page.name}?`}
        confirmLabel="Delete status page"
        onConfirm={() => remove.mutate()}
      >
        Its public address answers “not found” from then on.
      </ConfirmButton>
      {remove.error !== null && <ErrorNotice error={remove.error} />}
    </>
  );
}

function EditForm({ page }: { readonly page: StatusPage }) {
  const client = useQueryClient();
  const [saves, setSaves] = useState(0);
  const save = useMutation({
    mutationFn: (body: object) => request(`/status-pages/${page.id}`, statusPageSchema, { method: 'PATCH', body }),
    onSuccess: (saved) => {
      setSaves((before) => before + 1);
      client.setQueryData(statusPageQuery(saved.id).queryKey, saved);
      void client.invalidateQueries(statusPagesQuery);
    },
  });
  return (
    <StatusPageForm
      // After saving, the form starts from the saved page with the ids of new components.
      key={saves}
      initial={pageDraftOf(page)}
      submitLabel="Publish changes"
      pending={save.isPending}
      error={save.error}
      onSubmit={(body) => save.mutate(body)}
      cancel={
        <span role="status" className="quiet small-text">
          {save.isSuccess ? 'Saved' : ''}
        </span>
      }
    />
  );
}
