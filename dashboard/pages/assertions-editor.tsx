import { ASSERTION_SOURCES, type Assertion, COMPARES_OF_SOURCE } from '#domain/assertion/assertion.ts';
import { Field } from '../ui/field.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { TextField } from '../ui/text-field.tsx';
import { type AssertionDraft, NEEDS_PROPERTY, VALUELESS } from './monitor-draft.ts';
import { newRowKey } from './row-key.ts';

const SOURCE_WORDS = {
  status: 'Status code',
  body: 'Body text',
  header: 'Header',
  json: 'JSON value',
  responseTime: 'Response time, ms',
  tls: 'TLS certificate',
} as const satisfies Record<Assertion['source'], string>;

/** Edge locations do not see certificates: the API refuses assertions about them. */
const OFFERED_SOURCES = ASSERTION_SOURCES.filter((source) => source !== 'tls');

const VALUE_HINTS = {
  status: '200 or 2xx or 200-299',
  body: 'text',
  header: 'value',
  json: 'value as JSON or text',
  responseTime: '800',
  tls: '14',
} as const satisfies Record<Assertion['source'], string>;

const COMPARE_WORDS = {
  eq: 'is',
  ne: 'is not',
  lt: 'is less than',
  lte: 'is at most',
  gt: 'is more than',
  gte: 'is at least',
  contains: 'contains',
  notContains: 'does not contain',
  matches: 'matches regex',
  notMatches: 'does not match regex',
  exists: 'exists',
  notExists: 'does not exist',
  in: 'is one of',
  schema: 'fits JSON Schema',
} as const satisfies Record<Assertion['compare'], string>;

/** The assertions about the answer, all of which must hold. */
export function AssertionsEditor(props: {
  readonly assertions: readonly AssertionDraft[];
  readonly errorOf: (path: string) => string | undefined;
  readonly onChange: (assertions: readonly AssertionDraft[]) => void;
}) {
  const { assertions, errorOf, onChange } = props;
  return (
    <fieldset className="field">
      <legend className="visually-hidden">Assertions</legend>
      <p className="help">
        All must hold. Without one about the status code, 200 to 399 is success. One that cannot be evaluated fails.
      </p>
      <div className="list-editor">
        {assertions.map((assertion, index) => (
          <AssertionRow
            key={assertion.key}
            index={index}
            assertion={assertion}
            errorOf={errorOf}
            onChange={(next) => onChange(assertions.with(index, next))}
            onRemove={() => onChange(assertions.toSpliced(index, 1))}
          />
        ))}
      </div>
      <p className="actions">
        <button
          type="button"
          className="button small"
          onClick={() =>
            onChange([...assertions, { key: newRowKey(), source: 'status', property: '', compare: 'eq', value: '200' }])
          }
        >
          Add assertion
        </button>
      </p>
    </fieldset>
  );
}

function AssertionRow(props: {
  readonly index: number;
  readonly assertion: AssertionDraft;
  readonly errorOf: (path: string) => string | undefined;
  readonly onChange: (assertion: AssertionDraft) => void;
  readonly onRemove: () => void;
}) {
  const { index, assertion, errorOf, onChange, onRemove } = props;
  const compares: readonly Assertion['compare'][] = COMPARES_OF_SOURCE[assertion.source];
  const label = `Assertion ${index + 1}`;
  const path = `config.assertions.${index}`;
  const part = { label, path, assertion, errorOf, onChange };

  function changeSource(text: string): void {
    const source = OFFERED_SOURCES.find((candidate) => candidate === text) ?? assertion.source;
    const allowed: readonly Assertion['compare'][] = COMPARES_OF_SOURCE[source];
    const compare = allowed.includes(assertion.compare) ? assertion.compare : (allowed[0] ?? 'eq');
    onChange({ ...assertion, source, compare, property: '', value: '' });
  }

  return (
    <div className="editor-row assertion">
      <Field label={`${label} source`} labelHidden wide={!NEEDS_PROPERTY.has(assertion.source)} error={errorOf(path)}>
        {(control) => (
          <select {...control} value={assertion.source} onChange={(event) => changeSource(event.target.value)}>
            {OFFERED_SOURCES.map((source) => (
              <option key={source} value={source}>
                {SOURCE_WORDS[source]}
              </option>
            ))}
          </select>
        )}
      </Field>
      {NEEDS_PROPERTY.has(assertion.source) && <PropertyField {...part} />}
      <Field
        label={`${label} comparison`}
        labelHidden
        wide={VALUELESS.has(assertion.compare)}
        error={errorOf(`${path}.compare`)}
      >
        {(control) => (
          <select
            {...control}
            value={assertion.compare}
            onChange={(event) =>
              onChange({
                ...assertion,
                compare: compares.find((candidate) => candidate === event.target.value) ?? assertion.compare,
              })
            }
          >
            {compares.map((compare) => (
              <option key={compare} value={compare}>
                {COMPARE_WORDS[compare]}
              </option>
            ))}
          </select>
        )}
      </Field>
      {!VALUELESS.has(assertion.compare) && <ValueField {...part} />}
      <IconButton icon="remove" label={`Remove assertion ${index + 1}`} onClick={onRemove} />
    </div>
  );
}

interface PartProps {
  readonly label: string;
  readonly path: string;
  readonly assertion: AssertionDraft;
  readonly errorOf: (path: string) => string | undefined;
  readonly onChange: (assertion: AssertionDraft) => void;
}

function PropertyField({ label, path, assertion, errorOf, onChange }: PartProps) {
  const change = (property: string) => onChange({ ...assertion, property });
  const labels = { label: `${label} property`, labelHidden: true, error: errorOf(`${path}.property`) };
  const placeholder = assertion.source === 'header' ? 'content-type' : '$.status';
  return (
    <TextField {...labels} className="mono" placeholder={placeholder} value={assertion.property} onText={change} />
  );
}

function ValueField({ label, path, assertion, errorOf, onChange }: PartProps) {
  const change = (value: string) => onChange({ ...assertion, value });
  const labels = { label: `${label} value`, labelHidden: true, error: errorOf(`${path}.value`) };
  if (assertion.compare !== 'schema') {
    const placeholder = VALUE_HINTS[assertion.source];
    return <TextField {...labels} className="mono" placeholder={placeholder} value={assertion.value} onText={change} />;
  }
  return (
    <Field {...labels}>
      {(control) => (
        <textarea
          {...control}
          className="mono"
          placeholder='{"type": "object"}'
          value={assertion.value}
          onChange={(event) => change(event.target.value)}
        />
      )}
    </Field>
  );
}
