import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { channelCreatedSchema } from '#domain/api/alerting.ts';
import { channelsQuery } from '../api/queries.ts';
import { request } from '../api/request.ts';
import { Page } from '../ui/page.tsx';
import { Secret } from '../ui/secret.tsx';
import { type channelRequestOf, EMPTY_CHANNEL } from './channel-draft.ts';
import { ChannelForm } from './channel-form.tsx';

export function NewChannelPage() {
  const client = useQueryClient();
  const create = useMutation({
    mutationFn: (body: ReturnType<typeof channelRequestOf>) =>
      request('/channels', channelCreatedSchema, { method: 'POST', body }),
    onSuccess: () => client.invalidateQueries(channelsQuery),
  });
  const made = create.data;

  if (made !== undefined) {
    return (
      <Page
        title="Channel created"
        heading={`${made.name} is ready`}
        crumb={<Link to="/channels">Channels</Link>}
        lead="Keep its signing secret now: it is shown this once."
      >
        <div className="form narrow">
          <Secret label="Signing secret" value={made.config.secret} />
          <p className="quiet">
            Each message carries the headers webhook-id, webhook-timestamp and webhook-signature (Standard Webhooks).
            Check the signature with this secret before you trust a message.
          </p>
          <p className="actions">
            <Link to="/channels/$channelId" params={{ channelId: made.id }} className="button primary">
              Go on to test it
            </Link>
          </p>
        </div>
      </Page>
    );
  }

  return (
    <Page
      title="Add channel"
      heading="Where should BlackTide tell you?"
      crumb={<Link to="/channels">Channels</Link>}
      lead="A webhook: a signed POST to a URL of yours for every incident."
    >
      <ChannelForm
        initial={EMPTY_CHANNEL}
        secretHelp="Leave it empty to have one made."
        submitLabel="Create channel"
        pending={create.isPending}
        error={create.error}
        onSubmit={(body) => create.mutate(body)}
        cancel={
          <Link to="/channels" className="button">
            Cancel
          </Link>
        }
      />
    </Page>
  );
}
