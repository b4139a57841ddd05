import { dereference, format, type Schema, type SchemaDraft, Validator } from '@cfworker/json-schema';
import { isJsonObject } from '../base/json-object.ts';
import { schemaFormProblem } from './json-schema-form.ts';
import { compileRegex, firstMatch, regexProblem } from './linear-regex.ts';
import { WorkBudget } from './work-budget.ts';

/**
 * JSON Schema (drafts 4, 6, 7, 2019-09, 2020-12) with `pattern` in linear time. The library runs patterns on the
 * engine's backtracking RegExp, where a hostile schema could block a probe. Each `pattern` is therefore replaced by a
 * `format` that exists for one validation.
 */
type Json = unknown;

/** Values of these keywords are data, not schemas; the library looks for no schemas in them either. */
const DATA_KEYWORDS: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'required', '$comment']);
/** `examples` holds data too, but the library follows a $ref into it, past our patterns. The keyword is left out. */
const DROPPED_KEYWORD = 'examples';
/** Values of these keywords map names to schemas: a key of such a map is a name, not a keyword. */
const MAP_KEYWORDS: ReadonlySet<string> = new Set([
  'properties',
  '$defs',
  'definitions',
  'dependentSchemas',
  'dependencies',
]);
const PATTERN_FORMAT = 'blacktide-pattern:';
/**
 * Most looks that finding a schema's subschemas may take. The densest allowed schema needs fewer; nested $ids double
 * the number at each level.
 */
const COMPILING_LOOKS_MAX = 250_000;

/** The reason why the schema cannot be used, or null. */
export function jsonSchemaProblem(schema: Json): string | null {
  try {
    const refused = wholeRefusal(schema);
    if (refused !== null) return refused;
    const budget = new WorkBudget(COMPILING_LOOKS_MAX);
    return unresolvedReference(budget.count(withLinearPatterns(schema, new Set())));
  } catch (error) {
    return `is not a JSON Schema: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/**
 * The reason why the value does not match, or null when it does. Throws when the schema cannot be used or costs too
 * much work.
 */
export function jsonSchemaMismatch(schema: Json, value: Json, budget: WorkBudget): string | null {
  const refused = wholeRefusal(schema);
  if (refused !== null) throw new Error(refused);
  const patterns = new Set<string>();
  const checked = validator(budget.count(withLinearPatterns(schema, patterns)));
  for (const pattern of patterns) {
    const regex = compileRegex(pattern);
    format[PATTERN_FORMAT + pattern] = (text: string) => firstMatch(regex, text, budget) !== null;
  }
  try {
    const { valid, errors } = checked.validate(budget.count(value));
    if (valid) return null;
    const innermost = errors.at(-1);
    return innermost === undefined ? 'it does not match' : `${innermost.instanceLocation}: ${innermost.error}`;
  } finally {
    for (const pattern of patterns) delete format[PATTERN_FORMAT + pattern];
  }
}

/** A `$ref` is resolved inside the schema only: nothing is fetched. */
function unresolvedReference(schema: Json): string | null {
  const known = dereference(schema as Schema | boolean);
  for (const part of Object.values(known)) {
    if (typeof part === 'boolean' || part.$ref === undefined) continue;
    if (!((part.__absolute_ref__ ?? part.$ref) in known)) return `the $ref ${JSON.stringify(part.$ref)} leads nowhere`;
  }
  return null;
}

function validator(schema: Json): Validator {
  return new Validator(schema as Schema | boolean, draftOf(schema) ?? DRAFT_DEFAULT);
}

const DRAFT_DEFAULT = '2020-12';
const DRAFTS: readonly (readonly [inUri: string, draft: SchemaDraft])[] = [
  ['draft-04', '4'],
  // Draft 6 is validated as draft 7, whose additional keywords do not occur in draft 6 by accident.
  ['draft-06', '7'],
  ['draft-07', '7'],
  ['2019-09', '2019-09'],
  ['2020-12', '2020-12'],
];

/** The draft that the schema declares; null when it is not supported. */
function draftOf(schema: Json): SchemaDraft | null {
  if (!isJsonObject(schema) || schema.$schema === undefined) return DRAFT_DEFAULT;
  const declared = String(schema.$schema);
  return DRAFTS.find(([inUri]) => declared.includes(inUri))?.[1] ?? null;
}

function wholeRefusal(schema: Json): string | null {
  const draft = draftOf(schema);
  if (draft === null) return '$schema must be draft 4, 6, 7, 2019-09 or 2020-12';
  return schemaFormProblem(schema, draft) ?? refusal(schema);
}

/** The reason why some part of the schema cannot be evaluated in linear time, or null. */
function refusal(schema: Json, names = false): string | null {
  if (Array.isArray(schema)) return firstOf(schema.map((item) => refusal(item)));
  if (!isJsonObject(schema)) return null;
  return firstOf(
    Object.entries(schema).map(([key, value]) => {
      if (names) return refusal(value);
      if (key === DROPPED_KEYWORD || DATA_KEYWORDS.has(key)) return null;
      if (key === 'patternProperties') return 'patternProperties is not supported';
      // The library's expression for the non-standard format `url` backtracks exponentially.
      if (key === 'format' && value === 'url') return 'format "url" is not supported; use "uri"';
      if (key === 'pattern' && typeof value === 'string') return patternRefusal(value);
      return refusal(value, MAP_KEYWORDS.has(key));
    }),
  );
}

function patternRefusal(pattern: string): string | null {
  const problem = regexProblem(pattern);
  return problem === null ? null : `pattern ${JSON.stringify(pattern)} ${problem}`;
}

/** A copy in which each `pattern` is replaced by a format; the patterns are added to `found`. */
function withLinearPatterns(schema: Json, found: Set<string>, names = false): Json {
  if (Array.isArray(schema)) return schema.map((item) => withLinearPatterns(item, found));
  if (!isJsonObject(schema)) return schema;
  const entries = Object.entries(schema).flatMap(([key, value]): [string, Json][] => {
    if (names) return [[key, withLinearPatterns(value, found)]];
    if (key === DROPPED_KEYWORD || key === 'pattern') return [];
    return [[key, DATA_KEYWORDS.has(key) ? value : withLinearPatterns(value, found, MAP_KEYWORDS.has(key))]];
  });
  // Object.fromEntries instead of assignment, because a property may be named __proto__.
  const copy: Record<string, Json> = Object.fromEntries(entries);
  if (names || typeof schema.pattern !== 'string') return copy;
  found.add(schema.pattern);
  const others = Array.isArray(copy.allOf) ? copy.allOf : [];
  return { ...copy, allOf: [...others, { format: PATTERN_FORMAT + schema.pattern }] };
}

function firstOf(problems: readonly (string | null)[]): string | null {
  return problems.find((problem) => problem !== null) ?? null;
}
