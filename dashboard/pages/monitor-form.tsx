import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useState } from 'react';
import { monitorCreateSchema, monitorTestSchema } from '#domain/api/monitor.ts';
import { monitorTestAnswerSchema } from '#domain/api/monitor-answers.ts';
import { LOCATIONS } from '#domain/location.ts';
import { formatDuration } from '#domain/quantity.ts';
import { request } from '../api/request.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { Field } from '../ui/field.tsx';
import { Loading } from '../ui/loading.tsx';
import { type DraftErrors, useDraftErrors } from '../ui/use-draft-errors.ts';
import { AssertionsEditor } from './assertions-editor.tsx';
import { HeadersEditor } from './headers-editor.tsx';
import { HTTP_METHODS } from './http-methods.ts';
import { judgeableOf, keepsSecret, type MonitorDraft, nameFromUrl, testRequestOf } from './monitor-draft.ts';
import { TestOutcomes } from './test-outcomes.tsx';

const INTERVAL_PRESETS = [5, 10, 30, 60, 300, 900, 3600];

interface FormProps {
  readonly initial: MonitorDraft;
  readonly submitLabel: string;
  readonly pending: boolean;
  readonly error: unknown;
  readonly cancel: ReactNode;
  readonly onSubmit: (draft: MonitorDraft) => void;
}

interface PartProps {
  readonly draft: MonitorDraft;
  readonly set: (patch: Partial<MonitorDraft>) => void;
  readonly errors: DraftErrors;
}

/** Creates and edits: the URL is all it needs; "Test now" answers beside it. */
export function MonitorForm({ initial, submitLabel, pending, error, cancel, onSubmit }: FormProps) {
  const [draft, setDraft] = useState(initial);
  const set = (patch: Partial<MonitorDraft>) => setDraft((before) => ({ ...before, ...patch }));
  const errors = useDraftErrors(monitorCreateSchema, judgeableOf(draft), error);
  const part = { draft, set, errors };

  return (
    <div className="split">
      <form
        className="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (errors.submit()) onSubmit(draft);
        }}
      >
        <BasicFields {...part} />
        <LocationFields {...part} />
        <details className="form-section">
          <summary>Request: method, headers, body, sign-in, redirects</summary>
          <RequestFields {...part} />
        </details>
        <details className="form-section" open={draft.assertions.length > 0}>
          <summary>Assertions: what the answer must be</summary>
          <AssertionsEditor
            assertions={draft.assertions}
            errorOf={errors.of}
            onChange={(assertions) => set({ assertions })}
          />
        </details>
        {error !== null && <ErrorNotice error={error} />}
        <div className="actions">
          <button type="submit" className="button primary" disabled={pending}>
            {pending ? 'Saving…' : submitLabel}
          </button>
          {cancel}
        </div>
      </form>
      <TestPanel draft={draft} onInvalid={errors.submit} />
    </div>
  );
}

function BasicFields({ draft, set, errors }: PartProps) {
  return (
    <>
      <Field label="URL" error={errors.of('config.url')} help="The page or API endpoint to ask. https:// is assumed.">
        {(control) => (
          <input
            {...control}
            // biome-ignore lint/a11y/noAutofocus: the one thing this page asks for
            autoFocus
            type="url"
            inputMode="url"
            placeholder="https://example.com/health"
            value={draft.url}
            onBlur={() => errors.touch('config.url')}
            onChange={(event) => set({ url: event.target.value })}
          />
        )}
      </Field>
      <div className="row">
        <Field label="Name" optional error={errors.of('name')}>
          {(control) => (
            <input
              {...control}
              placeholder={nameFromUrl(draft.url) || 'the host of the URL'}
              value={draft.name}
              onChange={(event) => set({ name: event.target.value })}
            />
          )}
        </Field>
        <Field label="Tags" optional help="Separated by commas.">
          {(control) => (
            <input
              {...control}
              placeholder="production, api"
              value={draft.tags}
              onChange={(event) => set({ tags: event.target.value })}
            />
          )}
        </Field>
      </div>
      <IntervalField draft={draft} set={set} errors={errors} />
    </>
  );
}

function IntervalField({ draft, set, errors }: PartProps) {
  return (
    <div className="row">
      <Field
        label="Interval in seconds"
        error={errors.of('intervalSeconds')}
        help="Every location checks once per interval, 5 seconds to one day."
      >
        {(control) => (
          <>
            <input
              {...control}
              inputMode="numeric"
              value={draft.intervalSeconds}
              onBlur={() => errors.touch('intervalSeconds')}
              onChange={(event) => set({ intervalSeconds: event.target.value })}
            />
            <fieldset className="presets" aria-label="Interval presets">
              {INTERVAL_PRESETS.map((seconds) => (
                <button
                  key={seconds}
                  type="button"
                  className="choice"
                  aria-pressed={draft.intervalSeconds === String(seconds)}
                  onClick={() => set({ intervalSeconds: String(seconds) })}
                >
                  {formatDuration(seconds * 1000)}
                </button>
              ))}
            </fieldset>
          </>
        )}
      </Field>
      <Field
        label="Timeout in milliseconds"
        error={errors.of('timeoutMs')}
        help="A check that takes longer counts as failed. At most 30 000."
      >
        {(control) => (
          <input
            {...control}
            inputMode="numeric"
            value={draft.timeoutMs}
            onBlur={() => errors.touch('timeoutMs')}
            onChange={(event) => set({ timeoutMs: event.target.value })}
          />
        )}
      </Field>
    </div>
  );
}

function LocationFields({ draft, set, errors }: PartProps) {
  const majority = Math.floor(draft.locations.length / 2) + 1;
  return (
    <>
      <fieldset className="field">
        <legend>Locations</legend>
        <div className="checks">
          {LOCATIONS.map(({ id, name, country }) => (
            <label key={id} className="check">
              <input
                type="checkbox"
                checked={draft.locations.includes(id)}
                onChange={(event) =>
                  set({
                    locations: event.target.checked
                      ? [...draft.locations, id]
                      : draft.locations.filter((other) => other !== id),
                  })
                }
              />
              <span>
                {name}, {country}
              </span>
            </label>
          ))}
        </div>
        {errors.of('locations') !== undefined && <p className="field-error">{errors.of('locations')}</p>}
      </fieldset>
      <Field
        label="Down when"
        error={errors.of('confirm.quorum')}
        help="Fewer failing locations show as degraded, with the location named, and wake nobody."
      >
        {(control) => (
          <select {...control} value={draft.quorum} onChange={(event) => set({ quorum: event.target.value })}>
            <option value="">
              most locations fail ({majority} of {draft.locations.length})
            </option>
            {LOCATIONS.slice(0, draft.locations.length).map(({ id }, index) => (
              <option key={id} value={index + 1}>
                {index === 0 ? '1 location fails' : `${index + 1} locations fail`}
              </option>
            ))}
          </select>
        )}
      </Field>
    </>
  );
}

function RequestFields({ draft, set, errors }: PartProps) {
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
      {draft.authType === 'basic' && (
        <div className="row">
          <Field label="User name" error={errors.of('config.auth.username')}>
            {(control) => (
              <input
                {...control}
                autoComplete="off"
                value={draft.username}
                onChange={(event) => set({ username: event.target.value })}
              />
            )}
          </Field>
          <Field label="Password" error={errors.of('config.auth.password')} help={secretHelp(draft)}>
            {(control) => (
              <input
                {...control}
                type="password"
                autoComplete="new-password"
                value={draft.password}
                onChange={(event) => set({ password: event.target.value })}
              />
            )}
          </Field>
        </div>
      )}
      {draft.authType === 'bearer' && (
        <Field label="Token" error={errors.of('config.auth.token')} help={secretHelp(draft)}>
          {(control) => (
            <input
              {...control}
              type="password"
              autoComplete="off"
              value={draft.token}
              onChange={(event) => set({ token: event.target.value })}
            />
          )}
        </Field>
      )}
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
          <Field label="At most this many redirects" error={errors.of('config.maxRedirects')}>
            {(control) => (
              <input
                {...control}
                inputMode="numeric"
                value={draft.maxRedirects}
                onBlur={() => errors.touch('config.maxRedirects')}
                onChange={(event) => set({ maxRedirects: event.target.value })}
              />
            )}
          </Field>
        )}
      </div>
    </div>
  );
}

function TestPanel({ draft, onInvalid }: { readonly draft: MonitorDraft; readonly onInvalid: () => void }) {
  const test = useMutation({
    mutationFn: () =>
      request('/monitors/test', monitorTestAnswerSchema, { method: 'POST', body: testRequestOf(draft) }),
  });
  return (
    <aside aria-label="Test">
      <div className="section-head">
        <h2>Test</h2>
        <button
          type="button"
          className="button"
          disabled={test.isPending || keepsSecret(draft)}
          onClick={() => (monitorTestSchema.safeParse(testRequestOf(draft)).success ? test.mutate() : onInvalid())}
        >
          {test.isPending ? 'Testing…' : 'Test now'}
        </button>
      </div>
      {keepsSecret(draft) && (
        <p className="help">To test, type the password or token again: a stored one is never sent back to a browser.</p>
      )}
      {test.isPending && <Loading rows={draft.locations.length} label="Testing from every location" />}
      {test.error !== null && <ErrorNotice error={test.error} />}
      {test.data !== undefined && !test.isPending && <TestOutcomes outcomes={test.data.outcomes} />}
      {test.isIdle && (
        <EmptyState title="Try it before you save it">
          Runs this check once from every chosen location and shows what each one saw. Nothing is stored and nobody is
          told.
        </EmptyState>
      )}
    </aside>
  );
}

function secretHelp(draft: MonitorDraft): string | undefined {
  return draft.storedAuth === draft.authType ? 'Leave it empty to keep the stored one.' : undefined;
}

function authTypeOf(value: string): MonitorDraft['authType'] {
  return value === 'basic' || value === 'bearer' ? value : 'none';
}
