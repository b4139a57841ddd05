import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { statusPagesQuery } from '../api/queries.ts';
import { count } from '../format/measures.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { Page } from '../ui/page.tsx';
import { PublishState } from '../ui/publish-state.tsx';
import { QueryView } from '../ui/query-view.tsx';

export function StatusPagesPage() {
  const query = useQuery(statusPagesQuery);
  const number = query.data?.items.length;
  return (
    <Page
      title="Status pages"
      heading={
        number === undefined
          ? 'Status pages'
          : number === 0
            ? 'Nothing is public yet'
            : `${count(number, 'status page')} ${number === 1 ? 'is' : 'are'} public`
      }
      actions={number === 0 ? undefined : <AddStatusPage />}
    >
      <QueryView query={query} rows={3}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="No status page yet" action={<AddStatusPage />}>
              A status page shows your users how your services are, with 90 days of history. It is served by the edge
              and stays right even while everything else is down.
            </EmptyState>
          ) : (
            <table aria-label="Status pages" className="cards">
              <thead>
                <tr>
                  <th scope="col">Page</th>
                  <th scope="col">Address</th>
                  <th scope="col" className="number">
                    Components
                  </th>
                  <th scope="col">State</th>
                </tr>
              </thead>
              <tbody>
                {items.map((page) => (
                  <tr key={page.id}>
                    <td className="title">
                      <Link to="/status-pages/$pageId" params={{ pageId: page.id }}>
                        {page.name}
                      </Link>
                    </td>
                    <td className="saw">
                      <a href={page.url} target="_blank" rel="noreferrer">
                        {page.url}
                      </a>
                    </td>
                    <td className="number" data-label="Components">
                      {page.components.length}
                    </td>
                    <td>
                      <PublishState page={page} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </QueryView>
    </Page>
  );
}

function AddStatusPage() {
  return (
    <Link to="/status-pages/new" className="button primary">
      Add status page
    </Link>
  );
}
