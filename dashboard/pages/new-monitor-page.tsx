import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { monitorSchema } from '#domain/api/monitor-answers.ts';
import { monitorQuery, monitorsQuery } from '../api/queries.ts';
import { request } from '../api/request.ts';
import { Page } from '../ui/page.tsx';
import { EMPTY_DRAFT, type MonitorDraft, requestOf, testRequestOf } from './monitor-draft.ts';
import { MonitorForm } from './monitor-form.tsx';

export function NewMonitorPage() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const create = useMutation({
    mutationFn: (draft: MonitorDraft) =>
      request('/monitors', monitorSchema, { method: 'POST', body: requestOf(draft) }),
    onSuccess: async (monitor) => {
      client.setQueryData(monitorQuery(monitor.id).queryKey, monitor);
      void client.invalidateQueries(monitorsQuery);
      await navigate({ to: '/monitors/$monitorId', params: { monitorId: monitor.id } });
    },
  });
  return (
    <Page
      title="Add monitor"
      heading="What should be watched?"
      lead="A URL is enough. Everything else has a default that is right for most."
      crumb={<Link to="/monitors">Monitors</Link>}
    >
      <MonitorForm
        initial={EMPTY_DRAFT}
        submitLabel="Create monitor"
        pending={create.isPending}
        error={create.error}
        trial={{ path: '/monitors/test', bodyOf: testRequestOf }}
        onSubmit={(draft) => create.mutate(draft)}
        cancel={
          <Link to="/monitors" className="button">
            Cancel
          </Link>
        }
      />
    </Page>
  );
}
