import { Field } from '../ui/field.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import type { Pair } from './monitor-draft.ts';
import { newRowKey } from './row-key.ts';

/** Names and values of HTTP headers. */
export function HeadersEditor(props: {
  readonly headers: readonly Pair[];
  readonly errorOf?: (path: string) => string | undefined;
  readonly onChange: (headers: readonly Pair[]) => void;
}) {
  const { headers, errorOf, onChange } = props;
  const change = (key: string, patch: Partial<Pair>) =>
    onChange(headers.map((header) => (header.key === key ? { ...header, ...patch } : header)));
  return (
    <fieldset className="field">
      <legend>Headers</legend>
      <ul className="list-editor">
        {headers.map((header, index) => (
          <li key={header.key}>
            <Field label={`Header ${index + 1} name`} labelHidden error={errorOf?.(`config.headers.${header.name}`)}>
              {(control) => (
                <input
                  {...control}
                  placeholder="Name"
                  value={header.name}
                  onChange={(event) => change(header.key, { name: event.target.value })}
                />
              )}
            </Field>
            <Field label={`Header ${index + 1} value`} labelHidden>
              {(control) => (
                <input
                  {...control}
                  placeholder="Value"
                  value={header.value}
                  onChange={(event) => change(header.key, { value: event.target.value })}
                />
              )}
            </Field>
            <IconButton
              icon="remove"
              label={`Remove header ${index + 1}`}
              onClick={() => onChange(headers.filter(({ key }) => key !== header.key))}
            />
          </li>
        ))}
      </ul>
      <p className="actions">
        <button
          type="button"
          className="button small"
          onClick={() => onChange([...headers, { key: newRowKey(), name: '', value: '' }])}
        >
          Add header
        </button>
      </p>
    </fieldset>
  );
}
