import { useId } from 'react';
import type { Monitor } from '#domain/api/monitor-answers.ts';
import { Field } from '../ui/field.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { TextField } from '../ui/text-field.tsx';
import { newRowKey } from './row-key.ts';
import type { ComponentDraft } from './status-page-draft.ts';

/** The components of a status page: names for people, each bound to a monitor, in order. */
export function ComponentsEditor(props: {
  readonly components: readonly ComponentDraft[];
  readonly monitors: readonly Monitor[];
  readonly errorOf: (path: string) => string | undefined;
  readonly onChange: (components: readonly ComponentDraft[]) => void;
}) {
  const { components, monitors, errorOf, onChange } = props;
  const groupsId = useId();
  const groups = [...new Set(components.map(({ group }) => group).filter((group) => group !== ''))];
  return (
    <fieldset className="field form-section">
      <legend>Components</legend>
      <p className="help">What your users see, in this order. Choose the monitor whose state each one shows.</p>
      <datalist id={groupsId}>
        {groups.map((group) => (
          <option key={group} value={group} />
        ))}
      </datalist>
      <div className="list-editor">
        {components.map((component, index) => (
          <ComponentRow
            key={component.key}
            index={index}
            last={index === components.length - 1}
            component={component}
            monitors={monitors}
            groupsId={groupsId}
            errorOf={errorOf}
            onChange={(next) => onChange(components.with(index, next))}
            onMove={(to) => onChange(components.toSpliced(index, 1).toSpliced(to, 0, component))}
            onRemove={() => onChange(components.toSpliced(index, 1))}
          />
        ))}
      </div>
      <p className="actions">
        <button
          type="button"
          className="button small"
          onClick={() =>
            onChange([...components, { key: newRowKey(), name: '', description: '', group: '', monitorId: '' }])
          }
        >
          Add component
        </button>
      </p>
    </fieldset>
  );
}

function ComponentRow(props: {
  readonly index: number;
  readonly last: boolean;
  readonly component: ComponentDraft;
  readonly monitors: readonly Monitor[];
  readonly groupsId: string;
  readonly errorOf: (path: string) => string | undefined;
  readonly onChange: (component: ComponentDraft) => void;
  readonly onMove: (to: number) => void;
  readonly onRemove: () => void;
}) {
  const { index, component, monitors, errorOf, onChange } = props;
  const label = `Component ${index + 1}`;

  /** Choosing a monitor names an unnamed component after it. */
  function bind(monitorId: string): void {
    const chosen = monitors.find(({ id }) => id === monitorId);
    onChange({ ...component, monitorId, name: component.name === '' ? (chosen?.name ?? '') : component.name });
  }

  return (
    <div className="editor-row component">
      <TextField
        label={`${label} name`}
        labelHidden
        error={errorOf(`components.${index}.name`)}
        placeholder="Name"
        value={component.name}
        onText={(text) => onChange({ ...component, name: text })}
      />
      <Field label={`${label} monitor`} labelHidden error={errorOf(`components.${index}.monitorId`)}>
        {(control) => (
          <select {...control} value={component.monitorId} onChange={(event) => bind(event.target.value)}>
            <option value="">No monitor</option>
            {monitors.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <TextField
        label={`${label} group`}
        labelHidden
        error={errorOf(`components.${index}.group`)}
        placeholder="Group"
        list={props.groupsId}
        value={component.group}
        onText={(text) => onChange({ ...component, group: text })}
      />
      <TextField
        label={`${label} description`}
        labelHidden
        error={errorOf(`components.${index}.description`)}
        placeholder="Description, under the name"
        value={component.description}
        onText={(text) => onChange({ ...component, description: text })}
      />
      <div className="order-buttons">
        <IconButton
          icon="up"
          label={`Move component ${index + 1} up`}
          disabled={index === 0}
          onClick={() => props.onMove(index - 1)}
        />
        <IconButton
          icon="down"
          label={`Move component ${index + 1} down`}
          disabled={props.last}
          onClick={() => props.onMove(index + 1)}
        />
        <IconButton icon="remove" label={`Remove component ${index + 1}`} onClick={props.onRemove} />
      </div>
    </div>
  );
}
