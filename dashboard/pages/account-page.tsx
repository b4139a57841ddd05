import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Session } from '#domain/api/account.ts';
import { accountQuery, sessionsQuery } from '../api/queries.ts';
import { command } from '../api/request.ts';
import { deviceWords } from '../format/device-words.ts';
import { count } from '../format/measures.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { Ago, Moment } from '../ui/moment.tsx';
import { Page } from '../ui/page.tsx';
import { QueryView } from '../ui/query-view.tsx';
import { PasswordForm } from './password-form.tsx';

/** The signed-in person: their sessions, and their password. */
export function AccountPage() {
  const account = useQuery(accountQuery).data;
  const query = useQuery(sessionsQuery);
  const number = query.data?.items.length;
  return (
    <Page
      title="Account"
      heading={number === undefined ? 'Your account' : `You are signed in on ${count(number, 'device')}`}
      lead={account === undefined ? undefined : `${account.user.name}, ${account.user.email}`}
    >
      <div className="split">
        <div>
          <QueryView query={query} rows={3}>
            {({ items }) => <Sessions sessions={items} />}
          </QueryView>
        </div>
        <aside aria-label="Change password">
          <PasswordForm />
        </aside>
      </div>
    </Page>
  );
}

function Sessions({ sessions }: { readonly sessions: readonly Session[] }) {
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries(sessionsQuery);
  const end = useMutation({
    mutationFn: (id: string) => command(`/auth/sessions/${id}`, { method: 'DELETE' }),
    onSuccess,
  });
  const endOthers = useMutation({ mutationFn: () => command('/auth/sessions', { method: 'DELETE' }), onSuccess });
  const error = end.error ?? endOthers.error;
  return (
    <>
      {error !== null && <ErrorNotice error={error} />}
      <table aria-label="Sessions" className="cards">
        <thead>
          <tr>
            <th scope="col">Device</th>
            <th scope="col">Address</th>
            <th scope="col">Signed in</th>
            <th scope="col">Last seen</th>
            <th scope="col">
              <span className="visually-hidden">End</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => (
            <SessionRow key={session.id} session={session} onEnd={() => end.mutate(session.id)} />
          ))}
        </tbody>
      </table>
      {sessions.length > 1 && (
        <p className="actions section">
          <ConfirmButton
            label="Sign out everywhere else"
            question="Sign out everywhere else?"
            confirmLabel="Sign out everywhere else"
            onConfirm={() => endOthers.mutate()}
          >
            All sessions except this one end at once. API keys go on working.
          </ConfirmButton>
        </p>
      )}
    </>
  );
}

function SessionRow({ session, onEnd }: { readonly session: Session; readonly onEnd: () => void }) {
  const device = deviceWords(session.userAgent);
  return (
    <tr>
      <td className="title" title={session.userAgent}>
        {device}
        {session.current && <span className="under small-text quiet">this device</span>}
      </td>
      <td className="mono" data-label="Address">
        {session.address === '' ? 'unknown' : session.address}
      </td>
      <td data-label="Signed in">
        <Moment at={session.createdAt} />
      </td>
      <td data-label="Last seen">{session.current ? 'now' : <Ago at={session.lastSeenAt} />}</td>
      <td className="number">
        {!session.current && (
          <ConfirmButton
            label="Sign out"
            ariaLabel={`Sign out ${device}`}
            className="button small"
            question={`Sign out ${device}?`}
            confirmLabel="Sign out"
            onConfirm={onEnd}
          >
            Whoever uses it has to name the password again.
          </ConfirmButton>
        )}
      </td>
    </tr>
  );
}
