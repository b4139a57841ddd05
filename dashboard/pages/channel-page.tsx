import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { type Channel, channelSchema, type Delivery } from '#domain/api/alerting.ts';
import { channelQuery, channelsQuery, deliveriesQuery } from '../api/queries.ts';
import { command, request } from '../api/request.ts';
import { formatLatency } from '../format/measures.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { DeliveryStatus } from '../ui/delivery-status.tsx';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { Moment } from '../ui/moment.tsx';
import { MoreButton } from '../ui/more-button.tsx';
import { Page, Section } from '../ui/page.tsx';
import { QueryView } from '../ui/query-view.tsx';
import { RowProblemNotice } from '../ui/row-problem-notice.tsx';
import { attemptWords, channelTrouble } from './channel-state.tsx';

/** Events of messages, as a person calls them. */
const EVENT_WORDS = {
  'incident.opened': 'Incident opened',
  'incident.acknowledged': 'Incident acknowledged',
  'incident.resolved': 'Incident resolved',
  'incident.updated': 'Public update',
  'monitor.down': 'Monitor down',
  'monitor.up': 'Monitor up',
  test: 'Test',
} as const satisfies Record<Delivery['type'], string>;

const route = getRouteApi('/app/channels/$channelId');
/** Whether a channel refuses is not on the live stream. */
const TROUBLE_REFRESH_MS = 5_000;
/** Deliveries are not on the live stream: refetch interval of the log while one is pending. */
const WAITING_REFRESH_MS = 2_000;

export function ChannelPage() {
  const { channelId } = route.useParams();
  const query = useQuery({ ...channelQuery(channelId), refetchInterval: TROUBLE_REFRESH_MS });
  const channel = query.data;
  return (
    <Page
      title={channel?.name ?? 'Channel'}
      heading={channel?.name ?? 'Channel'}
      crumb={<Link to="/channels">Channels</Link>}
      lead={channel?.config.url}
      actions={channel === undefined ? undefined : <Actions channel={channel} />}
    >
      <QueryView query={query}>
        {(loaded) => (
          <>
            <RowProblemNotice problem={loaded.problem} />
            <Trouble channel={loaded} />
            <Settings channel={loaded} />
            <DeliveryLog channelId={loaded.id} />
          </>
        )}
      </QueryView>
    </Page>
  );
}

function Trouble({ channel }: { readonly channel: Channel }) {
  const trouble = channelTrouble(channel);
  if (trouble === null) return null;
  return (
    <div className="notice warning" role="status">
      <p>{trouble}.</p>
    </div>
  );
}

function Actions({ channel }: { readonly channel: Channel }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const test = useMutation({
    mutationFn: () => command(`/channels/${channel.id}/test`),
    onSuccess: () => client.invalidateQueries(deliveriesQuery(channel.id)),
  });
  const remove = useMutation({
    mutationFn: () => command(`/channels/${channel.id}`, { method: 'DELETE' }),
    onSuccess: async () => {
      await navigate({ to: '/channels' });
      void client.invalidateQueries(channelsQuery);
    },
  });
  const error = test.error ?? remove.error;
  return (
    <>
      <button type="button" className="button primary" disabled={test.isPending} onClick={() => test.mutate()}>
        {test.isPending ? 'Sending…' : 'Send test'}
      </button>
      <Link to="/channels/$channelId/edit" params={{ channelId: channel.id }} className="button">
        Edit
      </Link>
      <ConfirmButton
        label="Delete"
        question={`Delete ${channel.name}?`}
        confirmLabel="Delete channel"
        onConfirm={() => remove.mutate()}
      >
        Incidents are no longer sent to it. Its delivery log goes with it.
      </ConfirmButton>
      {error !== null && <ErrorNotice error={error} />}
    </>
  );
}

function Settings({ channel }: { readonly channel: Channel }) {
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (body: { enabled?: boolean; default?: boolean }) =>
      request(`/channels/${channel.id}`, channelSchema, { method: 'PATCH', body }),
    onSuccess: (saved) => {
      client.setQueryData(channelQuery(saved.id).queryKey, saved);
      void client.invalidateQueries(channelsQuery);
    },
  });
  return (
    <div className="form">
      <label className="check">
        <input
          type="checkbox"
          checked={channel.enabled}
          disabled={change.isPending}
          onChange={(event) => change.mutate({ enabled: event.target.checked })}
        />
        <span>Switched on</span>
      </label>
      <label className="check">
        <input
          type="checkbox"
          checked={channel.default}
          disabled={change.isPending}
          onChange={(event) => change.mutate({ default: event.target.checked })}
        />
        <span>
          Tell it about every incident
          <small>Otherwise only alert rules that name it use it.</small>
        </span>
      </label>
      {Object.keys(channel.config.headers).length > 0 && (
        <p className="quiet small-text">Sent with the headers {Object.keys(channel.config.headers).join(', ')}.</p>
      )}
      {change.error !== null && <ErrorNotice error={change.error} />}
    </div>
  );
}

function DeliveryLog({ channelId }: { readonly channelId: string }) {
  const query = useInfiniteQuery({
    ...deliveriesQuery(channelId),
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ data }) => data.some(isOnItsWay)) ? WAITING_REFRESH_MS : false,
  });
  return (
    <Section title="Deliveries">
      <QueryView query={query} rows={3}>
        {({ pages }) => {
          const deliveries = pages.flatMap((page) => page.data);
          if (deliveries.length === 0) {
            return <p className="quiet">Nothing was sent yet. “Send test” shows whether it works.</p>;
          }
          return (
            <>
              <table aria-label="Deliveries" className="cards">
                <thead>
                  <tr>
                    <th scope="col">Time</th>
                    <th scope="col">Event</th>
                    <th scope="col">Status</th>
                    <th scope="col">Attempts</th>
                  </tr>
                </thead>
                <tbody>
                  {deliveries.map((delivery) => (
                    <DeliveryRow key={delivery.id} delivery={delivery} />
                  ))}
                </tbody>
              </table>
              <MoreButton query={query} />
            </>
          );
        }}
      </QueryView>
    </Section>
  );
}

function isOnItsWay({ status }: Delivery): boolean {
  return status === 'pending' || status === 'failed';
}

function DeliveryRow({ delivery }: { readonly delivery: Delivery }) {
  return (
    <tr>
      <td>
        <Moment at={delivery.createdAt} seconds />
      </td>
      <td>
        {delivery.incidentId === null ? (
          EVENT_WORDS[delivery.type]
        ) : (
          <Link to="/incidents/$incidentId" params={{ incidentId: delivery.incidentId }}>
            {EVENT_WORDS[delivery.type]}
          </Link>
        )}
      </td>
      <td>
        <DeliveryStatus status={delivery.status} />
        {delivery.nextAttemptAt !== null && delivery.status !== 'delivered' && (
          <span className="quiet small-text">
            {' '}
            next at <Moment at={delivery.nextAttemptAt} seconds />
          </span>
        )}
      </td>
      <td className="saw">
        <ul className="attempts">
          {delivery.attempts.map((attempt) => (
            <li key={attempt.at} title={attempt.detail ?? undefined}>
              <Moment at={attempt.at} seconds />: {attemptWords(attempt)} in {formatLatency(attempt.durationMs)}
              {attempt.detail !== null && <span className="quiet">, {attempt.detail}</span>}
            </li>
          ))}
        </ul>
      </td>
    </tr>
  );
}
