import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { type Channel, channelSchema } from '#domain/api/alerting.ts';
import { mergePatch } from '../api/merge-patch.ts';
import { channelQuery, channelsQuery } from '../api/queries.ts';
import { request } from '../api/request.ts';
import { Page } from '../ui/page.tsx';
import { QueryView } from '../ui/query-view.tsx';
import { channelDraftOf, channelRequestOf } from './channel-draft.ts';
import { ChannelForm } from './channel-form.tsx';

const route = getRouteApi('/app/channels/$channelId/edit');

export function EditChannelPage() {
  const { channelId } = route.useParams();
  const query = useQuery(channelQuery(channelId));
  const name = query.data?.name ?? 'channel';
  return (
    <Page
      title={`Edit ${name}`}
      heading={`Edit ${name}`}
      crumb={
        <Link to="/channels/$channelId" params={{ channelId }}>
          {query.data?.name ?? 'Channel'}
        </Link>
      }
    >
      <QueryView query={query}>{(channel) => <EditForm key={channel.id} channel={channel} />}</QueryView>
    </Page>
  );
}

function EditForm({ channel }: { readonly channel: Channel }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const here = { to: '/channels/$channelId', params: { channelId: channel.id } } as const;
  const initial = channelDraftOf(channel);
  const save = useMutation({
    mutationFn: (body: ReturnType<typeof channelRequestOf>) =>
      request(`/channels/${channel.id}`, channelSchema, {
        method: 'PATCH',
        body: mergePatch(channelRequestOf(initial), body),
      }),
    onSuccess: async (saved) => {
      client.setQueryData(channelQuery(saved.id).queryKey, saved);
      void client.invalidateQueries(channelsQuery);
      await navigate(here);
    },
  });
  return (
    <ChannelForm
      initial={initial}
      secretHelp="Leave it empty to keep the present one."
      submitLabel="Save changes"
      pending={save.isPending}
      error={save.error}
      onSubmit={(body) => save.mutate(body)}
      cancel={
        <Link {...here} className="button">
          Cancel
        </Link>
      }
    />
  );
}
