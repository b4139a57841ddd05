import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { type StatusPage, statusPageCreateSchema } from '#domain/api/status-page.ts';
import { monitorsQuery } from '../api/queries.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { Field } from '../ui/field.tsx';
import { useDraftErrors } from '../ui/use-draft-errors.ts';
import { ComponentsEditor } from './components-editor.tsx';
import { newRowKey } from './row-key.ts';

export interface ComponentDraft {
  readonly key: string;
  readonly id?: string;
  readonly name: string;
  /** Not edited here: kept as it was set through the API. */
  readonly description?: string | null;
  readonly group: string;
  readonly monitorId: string;
}

export interface PageDraft {
  readonly name: string;
  readonly slug: string;
  readonly description: string;
  readonly components: readonly ComponentDraft[];
}

/** What a status page says and shows; the order of its components is the order on the page. */
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
        <Field label="Page name" error={errors.of('name')} help="What your users know you by.">
          {(control) => (
            <input
              {...control}
              placeholder="Acme Status"
              value={draft.name}
              onBlur={() => errors.touch('name')}
              onChange={(event) => rename(event.target.value)}
            />
          )}
        </Field>
        <Field
          label="Slug"
          error={errors.of('slug')}
          help={`Its address ends in /status/${draft.slug || 'your-slug'}.`}
        >
          {(control) => (
            <input
              {...control}
              className="mono"
              value={draft.slug}
              onBlur={() => errors.touch('slug')}
              onChange={(event) => {
                setSlugTouched(true);
                setDraft({ ...draft, slug: event.target.value });
              }}
            />
          )}
        </Field>
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

export function pageDraftOf(page: StatusPage): PageDraft {
  return {
    name: page.name,
    slug: page.slug,
    description: page.description ?? '',
    components: page.components.map((component) => ({
      key: component.id,
      id: component.id,
      name: component.name,
      description: component.description,
      group: component.group ?? '',
      monitorId: component.monitorId ?? '',
    })),
  };
}

/** A first draft that shows every monitor, which is what most people want. */
export function pageDraftWith(monitors: readonly { readonly id: string; readonly name: string }[]): PageDraft {
  return {
    name: '',
    slug: '',
    description: '',
    components: monitors.map(({ id, name }) => ({ key: newRowKey(), name, group: '', monitorId: id })),
  };
}

function pageRequestOf(draft: PageDraft) {
  return {
    name: draft.name.trim(),
    slug: draft.slug.trim(),
    description: draft.description.trim() === '' ? null : draft.description.trim(),
    components: draft.components.map(({ id, name, description, group, monitorId }) => ({
      ...(id === undefined ? {} : { id }),
      name: name.trim(),
      description: description ?? null,
      group: group.trim() === '' ? null : group.trim(),
      monitorId: monitorId === '' ? null : monitorId,
    })),
  };
}

/** "Acme Inc. Status" → "acme-inc-status". */
function slugOf(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-|-$/g, '');
}
