import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { statusPageCreateSchema } from '#domain/api/status-page.ts';
import { monitorsQuery } from '../api/queries.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { Field } from '../ui/field.tsx';
import { TextField } from '../ui/text-field.tsx';
import { useDraftErrors } from '../ui/use-draft-errors.ts';
import { ComponentsEditor } from './components-editor.tsx';
import { type PageDraft, pageRequestOf, slugOf } from './status-page-draft.ts';

/** The content of a status page; the order of its components is the order on the page. */
export function StatusPageForm(props: {
  readonly initial: PageDraft;
  readonly submitLabel: string;
  readonly pending: boolean;
  readonly error: unknown;
  readonly cancel: ReactNode;
  readonly onSubmit: (body: ReturnType<typeof pageRequestOf>) => void;
}) {
  const [draft, setDraft] = useState(props.initial);
  const [slugTouched, setSlugTouched] = useState(props.initial.slug !== '');
  const body = pageRequestOf(draft);
  const errors = useDraftErrors(statusPageCreateSchema, body, props.error);
  const monitors = useQuery(monitorsQuery).data?.items ?? [];

  function rename(name: string): void {
    setDraft({ ...draft, name, slug: slugTouched ? draft.slug : slugOf(name) });
  }

  return (
    <form
      className="form medium"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (errors.submit()) props.onSubmit(body);
      }}
    >
      <div className="row">
        <TextField
          label="Page name"
          error={errors.of('name')}
          help="What your users know you by."
          placeholder="Acme Status"
          value={draft.name}
          onBlur={() => errors.touch('name')}
          onText={(text) => rename(text)}
        />
        <TextField
          label="Slug"
          error={errors.of('slug')}
          help={`Its address ends in /status/${draft.slug || 'your-slug'}.`}
          className="mono"
          value={draft.slug}
          onBlur={() => errors.touch('slug')}
          onText={(text) => {
            setSlugTouched(true);
            setDraft({ ...draft, slug: text });
          }}
        />
      </div>
      <Field label="Description" optional error={errors.of('description')} help="One or two sentences under the name.">
        {(control) => (
          <textarea
            {...control}
            value={draft.description}
            onChange={(event) => setDraft({ ...draft, description: event.target.value })}
          />
        )}
      </Field>
      <label className="check">
        <input
          type="checkbox"
          checked={draft.showMonitorNames}
          onChange={(event) => setDraft({ ...draft, showMonitorNames: event.target.checked })}
        />
        <span>
          Show the names of monitors
          <small>Otherwise incidents are named after the components below.</small>
        </span>
      </label>
      <ComponentsEditor
        components={draft.components}
        monitors={monitors}
        errorOf={errors.of}
        onChange={(components) => setDraft({ ...draft, components })}
      />
      {props.error !== null && <ErrorNotice error={props.error} />}
      <div className="actions">
        <button type="submit" className="button primary" disabled={props.pending}>
          {props.pending ? 'Publishing…' : props.submitLabel}
        </button>
        {props.cancel}
      </div>
    </form>
  );
}
