import { Field } from '../ui/field.tsx';
import { TextField } from '../ui/text-field.tsx';
import type { DraftErrors } from '../ui/use-draft-errors.ts';
import { HeadersEditor } from './headers-editor.tsx';
import { HTTP_METHODS } from './http-methods.ts';
import type { MonitorDraft } from './monitor-draft.ts';

/** Properties of every part of the monitor's form. */
export interface MonitorFieldsProps {
  readonly draft: MonitorDraft;
  readonly set: (patch: Partial<MonitorDraft>) => void;
  readonly errors: DraftErrors;
}

/** Method, sign-in, headers, body and redirects of the request. */
export function RequestFields({ draft, set, errors }: MonitorFieldsProps) {
  return (
    <div className="form">
      <div className="row">
        <Field label="Method">
          {(control) => (
            <select
              {...control}
              value={draft.method}
              onChange={(event) =>
                set({ method: HTTP_METHODS.find((method) => method === event.target.value) ?? 'GET' })
              }
            >
              {HTTP_METHODS.map((method) => (
                <option key={method}>{method}</option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Sign-in">
          {(control) => (
            <select
              {...control}
              value={draft.authType}
              onChange={(event) => set({ authType: authTypeOf(event.target.value) })}
            >
              <option value="none">None</option>
              <option value="basic">Basic: name and password</option>
              <option value="bearer">Bearer token</option>
            </select>
          )}
        </Field>
      </div>
      <SignInFields draft={draft} set={set} errors={errors} />
      <HeadersEditor headers={draft.headers} errorOf={errors.of} onChange={(headers) => set({ headers })} />
      <Field label="Body" optional error={errors.of('config.body')}>
        {(control) => (
          <textarea
            {...control}
            className="mono"
            value={draft.body}
            onChange={(event) => set({ body: event.target.value })}
          />
        )}
      </Field>
      <div className="row">
        <label className="check">
          <input
            type="checkbox"
            checked={draft.followRedirects}
            onChange={(event) => set({ followRedirects: event.target.checked })}
          />
          <span>
            Follow redirects
            <small>Without it the redirect itself is the answer.</small>
          </span>
        </label>
        {draft.followRedirects && (
          <TextField
            label="At most this many redirects"
            error={errors.of('config.maxRedirects')}
            inputMode="numeric"
            value={draft.maxRedirects}
            onBlur={() => errors.touch('config.maxRedirects')}
            onText={(text) => set({ maxRedirects: text })}
          />
        )}
      </div>
    </div>
  );
}

/** The fields of the chosen kind of sign-in. A stored secret is never shown. */
function SignInFields({ draft, set, errors }: MonitorFieldsProps) {
  return (
    <>
      {draft.authType === 'basic' && (
        <div className="row">
          <TextField
            label="User name"
            error={errors.of('config.auth.username')}
            autoComplete="off"
            value={draft.username}
            onText={(text) => set({ username: text })}
          />
          <TextField
            label="Password"
            error={errors.of('config.auth.password')}
            help={secretHelp(draft, errors.of('config.auth.password'))}
            type="password"
            autoComplete="new-password"
            value={draft.password}
            onText={(text) => set({ password: text })}
          />
        </div>
      )}
      {draft.authType === 'bearer' && (
        <TextField
          label="Token"
          error={errors.of('config.auth.token')}
          help={secretHelp(draft, errors.of('config.auth.token'))}
          type="password"
          autoComplete="off"
          value={draft.token}
          onText={(text) => set({ token: text })}
        />
      )}
    </>
  );
}

/** The help of a secret's field. With an error, the stored secret may be the one that cannot be kept. */
function secretHelp(draft: MonitorDraft, error: string | undefined): string | undefined {
  const keepable = draft.storedAuth === draft.authType && error === undefined;
  return keepable ? 'Leave it empty to keep the stored one.' : undefined;
}

function authTypeOf(value: string): MonitorDraft['authType'] {
  return value === 'basic' || value === 'bearer' ? value : 'none';
}
