import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { statusPageSchema } from '#domain/api/status-page.ts';
import { monitorsQuery, statusPageQuery, statusPagesQuery } from '../api/queries.ts';
import { request } from '../api/request.ts';
import { Page } from '../ui/page.tsx';
import { QueryView } from '../ui/query-view.tsx';
import { pageDraftWith } from './status-page-draft.ts';
import { StatusPageForm } from './status-page-form.tsx';

export function NewStatusPagePage() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const monitors = useQuery(monitorsQuery);
  const create = useMutation({
    mutationFn: (body: object) =>
      request('/status-pages', statusPageSchema, { method: 'POST', body: { ...body, visibility: 'public' } }),
    onSuccess: async (page) => {
      client.setQueryData(statusPageQuery(page.id).queryKey, page);
      void client.invalidateQueries(statusPagesQuery);
      await navigate({ to: '/status-pages/$pageId', params: { pageId: page.id } });
    },
  });
  return (
    <Page
      title="Add status page"
      heading="What should your users see?"
      lead="It starts with all your monitors; rename, group, order or remove them."
      crumb={<Link to="/status-pages">Status pages</Link>}
    >
      <QueryView query={monitors}>
        {({ items }) => (
          <StatusPageForm
            initial={pageDraftWith(items)}
            submitLabel="Create status page"
            pending={create.isPending}
            error={create.error}
            onSubmit={(body) => create.mutate(body)}
            cancel={
              <Link to="/status-pages" className="button">
                Cancel
              </Link>
            }
          />
        )}
      </QueryView>
    </Page>
  );
}
