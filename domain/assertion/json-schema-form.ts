import type { SchemaDraft } from '@cfworker/json-schema';
import { isJsonObject } from '../base/json-object.ts';

/**
 * The valid form of JSON Schema's keywords. The library skips or misreads a malformed keyword, and the assertion then
 * holds by mistake: `{"properties": {"a": "string"}}` would accept everything.
 */
interface Form {
  readonly words: string;
  is(value: unknown, draft: SchemaDraft): boolean;
  /** Subschemas in the value, by name or index. */
  parts?(value: unknown): [string, unknown][];
}

const TYPES: readonly unknown[] = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];
const entriesOf = (value: unknown): [string, unknown][] => Object.entries(value as object);

const NUMBER: Form = { words: 'a number', is: (value) => typeof value === 'number' };
const POSITIVE: Form = { words: 'a number above 0', is: (value) => typeof value === 'number' && value > 0 };
const COUNT: Form = { words: 'a whole number', is: (value) => Number.isInteger(value) && Number(value) >= 0 };
const FLAG: Form = { words: 'true or false', is: (value) => typeof value === 'boolean' };
const TEXT: Form = { words: 'text', is: (value) => typeof value === 'string' };
const LIST: Form = { words: 'a list', is: Array.isArray };
const NAMES: Form = { words: 'a list of names', is: isTexts };
/** In draft 4 a boolean `exclusiveMinimum` modifies `minimum`; in later drafts it is a number of its own. */
const BOUND: Form = {
  words: 'a number (in draft 4 true or false)',
  is: (value, draft) => typeof value === (draft === '4' ? 'boolean' : 'number'),
};
const TYPE: Form = {
  words: `one of ${TYPES.join(', ')}, or a list of them`,
  is: (value) => [value].flat().every((one) => TYPES.includes(one)),
};
const SCHEMA: Form = { words: 'a schema', is: isSchema, parts: (value) => [['', value]] };
const SCHEMAS: Form = { words: 'a list of schemas', is: isSchemas, parts: entriesOf };
const SCHEMA_OR_SCHEMAS: Form = {
  words: 'a schema or a list of schemas',
  is: (value) => isSchema(value) || isSchemas(value),
  parts: (value) => (Array.isArray(value) ? entriesOf(value) : [['', value]]),
};
const SCHEMA_MAP: Form = {
  words: 'an object of schemas',
  is: (value) => isJsonObject(value) && Object.values(value).every(isSchema),
  parts: entriesOf,
};
const NAMES_MAP: Form = {
  words: 'an object of lists of names',
  is: (value) => isJsonObject(value) && Object.values(value).every(isTexts),
};
const DEPENDENCIES: Form = {
  words: 'an object of schemas or lists of names',
  is: (value) => isJsonObject(value) && Object.values(value).every((one) => isSchema(one) || isTexts(one)),
  parts: (value) => entriesOf(value).filter(([, one]) => isSchema(one)),
};

const FORMS: ReadonlyMap<string, Form> = new Map(
  Object.entries({
    type: TYPE,
    enum: LIST,
    required: NAMES,
    ...each(['$ref', '$anchor', 'format', 'pattern'], TEXT),
    ...each(['minimum', 'maximum'], NUMBER),
    ...each(['exclusiveMinimum', 'exclusiveMaximum'], BOUND),
    multipleOf: POSITIVE,
    ...each(['minLength', 'maxLength', 'minItems', 'maxItems', 'minContains', 'maxContains'], COUNT),
    ...each(['minProperties', 'maxProperties'], COUNT),
    uniqueItems: FLAG,
    ...each(['not', 'if', 'then', 'else', 'contains', 'additionalItems', 'additionalProperties'], SCHEMA),
    ...each(['unevaluatedItems', 'unevaluatedProperties', 'propertyNames'], SCHEMA),
    items: SCHEMA_OR_SCHEMAS,
    ...each(['allOf', 'anyOf', 'oneOf', 'prefixItems'], SCHEMAS),
    ...each(['properties', '$defs', 'definitions', 'dependentSchemas'], SCHEMA_MAP),
    dependentRequired: NAMES_MAP,
    dependencies: DEPENDENCIES,
  }),
);

function each(keywords: readonly string[], form: Form): Record<string, Form> {
  return Object.fromEntries(keywords.map((keyword) => [keyword, form]));
}

/** The first keyword whose value is malformed, or null. Unknown keywords are annotations. */
export function schemaFormProblem(schema: unknown, draft: SchemaDraft, path = ''): string | null {
  if (!isJsonObject(schema)) return null;
  for (const [keyword, value] of Object.entries(schema)) {
    const at = `${path}/${keyword}`;
    // The library does not implement this keyword and would accept every value.
    if (keyword === '$dynamicRef') return `${at} is not supported`;
    const form = FORMS.get(keyword);
    if (form === undefined) continue;
    if (!form.is(value, draft)) return `${at} must be ${form.words}`;
    for (const [name, part] of form.parts?.(value) ?? []) {
      const problem = schemaFormProblem(part, draft, name === '' ? at : `${at}/${name}`);
      if (problem !== null) return problem;
    }
  }
  return null;
}

function isSchema(value: unknown): boolean {
  return typeof value === 'boolean' || isJsonObject(value);
}

function isSchemas(value: unknown): boolean {
  return Array.isArray(value) && value.every(isSchema);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
