import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { type Monitor, monitorSchema } from '#domain/api/monitor-answers.ts';
import { mergePatch } from '../api/merge-patch.ts';
import { monitorQuery, monitorsQuery } from '../api/queries.ts';
import { request } from '../api/request.ts';
import { Page } from '../ui/page.tsx';
import { QueryView } from '../ui/query-view.tsx';
import { draftOf, type MonitorDraft, requestOf } from './monitor-draft.ts';
import { MonitorForm } from './monitor-form.tsx';

const route = getRouteApi('/app/monitors/$monitorId/edit');

export function EditMonitorPage() {
  const { monitorId } = route.useParams();
  const query = useQuery(monitorQuery(monitorId));
  return (
    <Page
      title={`Edit ${query.data?.name ?? 'monitor'}`}
      heading={`Edit ${query.data?.name ?? 'monitor'}`}
      crumb={
        <Link to="/monitors/$monitorId" params={{ monitorId }}>
          {query.data?.name ?? 'Monitor'}
        </Link>
      }
    >
      <QueryView query={query}>{(monitor) => <EditForm key={monitor.id} monitor={monitor} />}</QueryView>
    </Page>
  );
}

function EditForm({ monitor }: { readonly monitor: Monitor }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const here = { to: '/monitors/$monitorId', params: { monitorId: monitor.id } } as const;
  const initial = draftOf(monitor);
  const patchOf = (draft: MonitorDraft) => mergePatch(requestOf(initial), requestOf(draft));
  const save = useMutation({
    mutationFn: (draft: MonitorDraft) =>
      request(`/monitors/${monitor.id}`, monitorSchema, { method: 'PATCH', body: patchOf(draft) }),
    onSuccess: async (saved) => {
      client.setQueryData(monitorQuery(saved.id).queryKey, saved);
      void client.invalidateQueries(monitorsQuery);
      await navigate(here);
    },
  });
  return (
    <MonitorForm
      initial={initial}
      submitLabel="Save changes"
      pending={save.isPending}
      error={save.error}
      trial={{ path: `/monitors/${monitor.id}/test`, bodyOf: patchOf }}
      onSubmit={(draft) => save.mutate(draft)}
      cancel={
        <Link {...here} className="button">
          Cancel
        </Link>
      }
    />
  );
}
