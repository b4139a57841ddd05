import type { StatusPage } from '#domain/api/status-page.ts';
import { StatusMark } from './status.tsx';

/** Whether the edge serves the newest version of a status page. */
export function PublishState({ page }: { readonly page: Pick<StatusPage, 'version' | 'publishedVersion'> }) {
  const published = page.publishedVersion !== null && page.publishedVersion >= page.version;
  return (
    <span className={`status state-${published ? 'up' : 'pending'}`}>
      <StatusMark status={published ? 'up' : 'pending'} />
      {published ? 'Published' : page.publishedVersion === null ? 'Being published' : 'Newer version on its way'}
    </span>
  );
}
