import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Channel } from '#domain/api/alerting.ts';
import { channelsQuery } from '../api/queries.ts';
import { count } from '../format/measures.ts';
import { DeliveryStatus } from '../ui/delivery-status.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Ago } from '../ui/moment.tsx';
import { Page } from '../ui/page.tsx';
import { QueryView } from '../ui/query-view.tsx';
import { channelTrouble } from './channel-state.tsx';

/** Whether channels refuse is not on the live stream. */
const TROUBLE_REFRESH_MS = 10_000;

export function ChannelsPage() {
  const query = useQuery({ ...channelsQuery, refetchInterval: TROUBLE_REFRESH_MS });
  return (
    <Page
      title="Channels"
      heading={query.data === undefined ? 'Channels' : answer(query.data.items)}
      actions={query.data?.items.length === 0 ? undefined : <AddChannel />}
    >
      <QueryView query={query} rows={3}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="No channel yet" action={<AddChannel />}>
              A channel is where BlackTide tells you about incidents. A webhook posts a signed message to a URL of
              yours, and tries again until it arrives.
            </EmptyState>
          ) : (
            <table aria-label="Channels" className="cards">
              <thead>
                <tr>
                  <th scope="col">Channel</th>
                  <th scope="col">Sends to</th>
                  <th scope="col">Told</th>
                  <th scope="col">Last delivery</th>
                </tr>
              </thead>
              <tbody>
                {items.map((channel) => (
                  <tr key={channel.id}>
                    <td className="title">
                      <Link to="/channels/$channelId" params={{ channelId: channel.id }}>
                        {channel.name}
                      </Link>
                      <Trouble channel={channel} />
                    </td>
                    <td className="saw quiet">{channel.config.url}</td>
                    <td data-label="Told">{toldOf(channel)}</td>
                    <td>
                      {channel.lastDelivery === null ? (
                        <span className="quiet">none yet</span>
                      ) : (
                        <>
                          <DeliveryStatus status={channel.lastDelivery.status} />{' '}
                          <span className="quiet">
                            <Ago at={channel.lastDelivery.at} />
                          </span>
                        </>
                      )}
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

/** The reason why a channel does not receive messages, under its name. */
function Trouble({ channel }: { readonly channel: Channel }) {
  const trouble = channel.problem?.message ?? channelTrouble(channel);
  return trouble === null ? null : <span className="small-text under">{trouble}</span>;
}

function AddChannel() {
  return (
    <Link to="/channels/new" className="button primary">
      Add channel
    </Link>
  );
}

function answer(channels: readonly Channel[]): string {
  if (channels.every(({ enabled }) => !enabled)) return 'Nobody is told when a monitor goes down';
  const failing = channels.filter(({ enabled, failingSince }) => enabled && failingSince !== null).length;
  if (failing > 0) return `${count(failing, 'channel')} ${failing === 1 ? 'refuses' : 'refuse'} messages`;
  const told = channels.filter((channel) => channel.default && channel.enabled).length;
  if (told === 0) return 'No channel is told about every incident';
  return `${count(told, 'channel')} ${told === 1 ? 'is' : 'are'} told about every incident`;
}

function toldOf(channel: Channel): string {
  if (!channel.enabled) return 'nothing, switched off';
  return channel.default ? 'every incident' : 'by rules that name it';
}
