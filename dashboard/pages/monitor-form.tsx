import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { monitorCreateSchema } from '#domain/api/monitor.ts';
import { monitorTestAnswerSchema } from '#domain/api/monitor-answers.ts';
import { formatDuration } from '#domain/base/quantity.ts';
import { LOCATIONS } from '#domain/check/location.ts';
import { request } from '../api/request.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { Field } from '../ui/field.tsx';
import { FormSection } from '../ui/form-section.tsx';
import { TextField } from '../ui/text-field.tsx';
import { useDraftErrors } from '../ui/use-draft-errors.ts';
import { AssertionsEditor } from './assertions-editor.tsx';
import { judgeableOf, type MonitorDraft, nameFromUrl } from './monitor-draft.ts';
import { type MonitorFieldsProps, RequestFields } from './request-fields.tsx';
import { TestPanel } from './test-panel.tsx';

const INTERVAL_PRESETS = [5, 10, 30, 60, 300, 900, 3600];

/** How "Test now" runs a draft: a new monitor as it is, a stored one with the draft as a patch. */
interface Trial {
  readonly path: string;
  bodyOf(draft: MonitorDraft): object;
}

interface FormProps {
  readonly initial: MonitorDraft;
  readonly submitLabel: string;
  readonly pending: boolean;
  readonly error: unknown;
  readonly cancel: ReactNode;
  readonly trial: Trial;
  readonly onSubmit: (draft: MonitorDraft) => void;
}

/** Creates and edits a monitor. Only the URL is required; "Test now" shows its answer beside the form. */
export function MonitorForm({ initial, submitLabel, pending, error, cancel, trial, onSubmit }: FormProps) {
  const [draft, setDraft] = useState(initial);
  const set = (patch: Partial<MonitorDraft>) => setDraft((before) => ({ ...before, ...patch }));
  const test = useMutation({
    mutationFn: () => request(trial.path, monitorTestAnswerSchema, { method: 'POST', body: trial.bodyOf(draft) }),
  });
  const errors = useDraftErrors(monitorCreateSchema, judgeableOf(draft), error ?? test.error);
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
        <FormSection
          summary="Request: method, headers, body, sign-in, redirects"
          hasErrors={errors.within('config.auth', 'config.headers', 'config.body', 'config.maxRedirects')}
        >
          <RequestFields {...part} />
        </FormSection>
        <FormSection
          summary="Assertions: what the answer must be"
          startsOpen={initial.assertions.length > 0}
          hasErrors={errors.within('config.assertions')}
        >
          <AssertionsEditor
            assertions={draft.assertions}
            errorOf={errors.of}
            onChange={(assertions) => set({ assertions })}
          />
        </FormSection>
        {error !== null && <ErrorNotice error={error} />}
        <div className="actions">
          <button type="submit" className="button primary" disabled={pending}>
            {pending ? 'Saving…' : submitLabel}
          </button>
          {cancel}
        </div>
      </form>
      <TestPanel draft={draft} test={test} onInvalid={errors.submit} />
    </div>
  );
}

function BasicFields({ draft, set, errors }: MonitorFieldsProps) {
  return (
    <>
      <TextField
        label="URL"
        error={errors.of('config.url')}
        help="The page or API endpoint to ask. https:// is assumed."
        autoFocus
        type="url"
        inputMode="url"
        placeholder="https://example.com/health"
        value={draft.url}
        onBlur={() => errors.touch('config.url')}
        onText={(text) => set({ url: text })}
      />
      <div className="row">
        <TextField
          label="Name"
          optional
          // The default name is the URL's host: a fault of the URL is shown at the URL.
          error={errors.of('config.url') === undefined ? errors.of('name') : undefined}
          placeholder={nameFromUrl(draft.url) || 'the host of the URL'}
          value={draft.name}
          onText={(text) => set({ name: text })}
        />
        <TextField
          label="Tags"
          optional
          help="Separated by commas."
          placeholder="production, api"
          value={draft.tags}
          onText={(text) => set({ tags: text })}
        />
      </div>
      <IntervalField draft={draft} set={set} errors={errors} />
    </>
  );
}

function IntervalField({ draft, set, errors }: MonitorFieldsProps) {
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
      <TextField
        label="Timeout in milliseconds"
        error={errors.of('timeoutMs')}
        help="A check that takes longer counts as failed. At most 30 000."
        inputMode="numeric"
        value={draft.timeoutMs}
        onBlur={() => errors.touch('timeoutMs')}
        onText={(text) => set({ timeoutMs: text })}
      />
    </div>
  );
}

function LocationFields({ draft, set, errors }: MonitorFieldsProps) {
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
