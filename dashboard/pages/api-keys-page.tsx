import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { API_KEY_SCOPES, type ApiKey, apiKeyCreatedSchema, apiKeyCreateSchema } from '#domain/api/account.ts';
import { apiKeysQuery } from '../api/queries.ts';
import { command, request } from '../api/request.ts';
import { count } from '../format/measures.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { Field } from '../ui/field.tsx';
import { Ago, Moment } from '../ui/moment.tsx';
import { Page } from '../ui/page.tsx';
import { QueryView } from '../ui/query-view.tsx';
import { Secret } from '../ui/secret.tsx';
import { TextField } from '../ui/text-field.tsx';
import { useDraftErrors } from '../ui/use-draft-errors.ts';

const SCOPE_HELP = {
  read: 'See everything.',
  write: 'Change monitors, incidents, channels and pages.',
  admin: 'Also manage API keys.',
} as const satisfies Record<(typeof API_KEY_SCOPES)[number], string>;

const EXPIRY_DAYS = [30, 90, 365];

export function ApiKeysPage() {
  const query = useQuery(apiKeysQuery);
  const number = query.data?.items.length;
  return (
    <Page
      title="API keys"
      heading={
        number === undefined
          ? 'API keys'
          : number === 0
            ? 'No program has access'
            : `${count(number, 'API key')} ${number === 1 ? 'gives' : 'give'} programs access`
      }
      lead={
        <>
          Sent as <code>Authorization: Bearer btk_…</code>. What the API can do is told in{' '}
          <a href="/api/v1/docs">its documentation</a>.
        </>
      }
    >
      <div className="split">
        <div>
          <QueryView query={query} rows={3}>
            {({ items }) =>
              items.length === 0 ? (
                <EmptyState title="No API key yet">
                  With a key, scripts and other programs can do all that this dashboard does. Create one with the form
                  here.
                </EmptyState>
              ) : (
                <KeyTable keys={items} />
              )
            }
          </QueryView>
        </div>
        <aside aria-label="New API key">
          <KeyForm />
        </aside>
      </div>
    </Page>
  );
}

function KeyTable({ keys }: { readonly keys: readonly ApiKey[] }) {
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: (id: string) => command(`/api-keys/${id}`, { method: 'DELETE' }),
    onSuccess: () => client.invalidateQueries(apiKeysQuery),
  });
  return (
    <>
      {revoke.error !== null && <ErrorNotice error={revoke.error} />}
      <table aria-label="API keys" className="cards">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Key</th>
            <th scope="col">Scopes</th>
            <th scope="col">Last used</th>
            <th scope="col">Expires</th>
            <th scope="col">
              <span className="visually-hidden">Revoke</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key.id}>
              <td className="title">{key.name}</td>
              <td className="mono">{key.prefix}…</td>
              <td>{key.scopes.join(', ')}</td>
              <td data-label="Last used">
                {key.lastUsedAt === null ? <span className="quiet">never</span> : <Ago at={key.lastUsedAt} />}
              </td>
              <td data-label="Expires">
                {key.expiresAt === null ? <span className="quiet">never</span> : <Moment at={key.expiresAt} />}
              </td>
              <td className="number">
                <ConfirmButton
                  label="Revoke"
                  ariaLabel={`Revoke ${key.name}`}
                  className="button small"
                  question={`Revoke ${key.name}?`}
                  confirmLabel="Revoke key"
                  onConfirm={() => revoke.mutate(key.id)}
                >
                  Programs that use it are refused at once. This cannot be undone.
                </ConfirmButton>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function KeyForm() {
  const client = useQueryClient();
  const [draft, setDraft] = useState({ name: '', scopes: ['read'] as string[], expiresInDays: '' });
  const body = {
    name: draft.name,
    scopes: API_KEY_SCOPES.filter((scope) => draft.scopes.includes(scope)),
    ...(draft.expiresInDays === '' ? {} : { expiresInDays: Number(draft.expiresInDays) }),
  };
  const create = useMutation({
    mutationFn: () => request('/api-keys', apiKeyCreatedSchema, { method: 'POST', body }),
    onSuccess: () => client.invalidateQueries(apiKeysQuery),
  });
  const errors = useDraftErrors(apiKeyCreateSchema, body, create.error);

  if (create.data !== undefined) {
    return (
      <div className="form">
        <h2>{create.data.name} is ready</h2>
        <p className="quiet">Keep the key now: it is shown this once.</p>
        <Secret label="API key" value={create.data.key} />
        <p className="actions">
          <button type="button" className="button" onClick={() => create.reset()}>
            Done
          </button>
        </p>
      </div>
    );
  }

  return (
    <form
      className="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (errors.submit()) create.mutate();
      }}
    >
      <h2>New API key</h2>
      <TextField
        label="Key name"
        error={errors.of('name')}
        help="Where it will be used."
        placeholder="deploy script"
        value={draft.name}
        onBlur={() => errors.touch('name')}
        onText={(text) => setDraft({ ...draft, name: text })}
      />
      <fieldset className="field">
        <legend>Scopes</legend>
        {API_KEY_SCOPES.map((scope) => (
          <label key={scope} className="check">
            <input
              type="checkbox"
              checked={draft.scopes.includes(scope)}
              onChange={(event) =>
                setDraft({
                  ...draft,
                  scopes: event.target.checked
                    ? [...draft.scopes, scope]
                    : draft.scopes.filter((other) => other !== scope),
                })
              }
            />
            <span>
              {scope}
              <small>{SCOPE_HELP[scope]}</small>
            </span>
          </label>
        ))}
        {errors.of('scopes') !== undefined && <p className="field-error">{errors.of('scopes')}</p>}
      </fieldset>
      <Field label="Expires">
        {(control) => (
          <select
            {...control}
            value={draft.expiresInDays}
            onChange={(event) => setDraft({ ...draft, expiresInDays: event.target.value })}
          >
            <option value="">never</option>
            {EXPIRY_DAYS.map((days) => (
              <option key={days} value={days}>
                in {days} days
              </option>
            ))}
          </select>
        )}
      </Field>
      {create.error !== null && <ErrorNotice error={create.error} />}
      <p className="actions">
        <button type="submit" className="button primary" disabled={create.isPending}>
          {create.isPending ? 'Creating…' : 'Create API key'}
        </button>
      </p>
    </form>
  );
}
