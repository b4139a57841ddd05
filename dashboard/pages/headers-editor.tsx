import { isHeaderName, isHeaderValue } from '#domain/base/header-syntax.ts';
import { IconButton } from '../ui/icon-button.tsx';
import { TextField } from '../ui/text-field.tsx';
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
  const messageAt = (header: Pair) => errorOf?.(`config.headers.${header.name.trim()}`);
  return (
    <fieldset className="field">
      <legend>Headers</legend>
      <ul className="list-editor">
        {headers.map((header, index) => (
          <li key={header.key}>
            <TextField
              label={`Header ${index + 1} name`}
              labelHidden
              error={aboutValue(header) ? undefined : messageAt(header)}
              placeholder="Name"
              value={header.name}
              onText={(text) => change(header.key, { name: text })}
            />
            <TextField
              label={`Header ${index + 1} value`}
              labelHidden
              error={aboutValue(header) ? messageAt(header) : undefined}
              placeholder="Value"
              value={header.value}
              onText={(text) => change(header.key, { value: text })}
            />
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

/** Whether the invalid part of a header is its value. The dots that stand for a stored value are invalid too. */
function aboutValue({ name, value }: Pair): boolean {
  return isHeaderName(name.trim()) && !isHeaderValue(value);
}
