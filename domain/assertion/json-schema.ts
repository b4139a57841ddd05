import { dereference, type Schema, type SchemaDraft } from '@cfworker/json-schema';
import { isJsonObject } from '../base/json-object.ts';
import { schemaFormProblem } from './json-schema-form.ts';
import { SchemaValidation } from './json-schema-validation.ts';
import { regexProblem } from './linear-regex.ts';
import type { WorkBudget } from './work-budget.ts';

/**
 * JSON Schema (drafts 4, 6, 7, 2019-09, 2020-12). The library finds the parts that a `$ref` leads to; values are judged
 * by SchemaValidation, which counts its steps and matches every `pattern` in linear time.
 */
type Json = unknown;

/** Values of these keywords are data, not schemas; the library looks for no schemas in them either. */
const DATA_KEYWORDS: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'required', '$comment']);
/** `examples` holds data too, but the library would follow a $ref into it. The keyword is left out. */
const DROPPED_KEYWORD = 'examples';
/** Values of these keywords map names to schemas: a key of such a map is a name, not a keyword. */
const MAP_KEYWORDS: ReadonlySet<string> = new Set([
  'properties',
  '$defs',
  'definitions',
  'dependentSchemas',
  'dependencies',
]);

/**
 * Most parts of a schema, and most levels of them. Finding what a `$ref` leads to takes some five microseconds for each
 * part, and the parts inside a nested `$id` are looked through twice.
 */
export const SCHEMA_PARTS_MAX = 2_000;
const SCHEMA_DEPTH_MAX = 100;
/** Units of work for finding one part. */
const PART_WORK = 4_000;

/** A schema whose references are known. */
export interface CompiledSchema {
  readonly root: Schema | boolean;
  readonly draft: SchemaDraft;
  readonly parts: Readonly<Record<string, Schema | boolean>>;
  /** A keyword asks which properties or items other keywords have looked at. */
  readonly tracksEvaluated: boolean;
  /** Units of work for compiling it. */
  readonly work: number;
}

/** The reason why the schema cannot be used, or null. */
export function jsonSchemaProblem(schema: Json): string | null {
  try {
    return wholeRefusal(schema) ?? unresolvedReference(compiled(schema));
  } catch (error) {
    return `is not a JSON Schema: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/**
 * The reason why the value does not match, or null when it does. Throws when the schema cannot be used or costs too
 * much work.
 */
export function jsonSchemaMismatch(schema: Json, value: Json, budget: WorkBudget): string | null {
  const known = compiled(schema);
  const paid = PAID.get(budget) ?? new Set<CompiledSchema>();
  if (!paid.has(known)) budget.spend(known.work);
  PAID.set(budget, paid.add(known));
  return new SchemaValidation(known, budget).mismatch(value);
}

/**
 * The schemas that each answer has paid for. An answer pays also for a schema that this process has compiled before:
 * otherwise a verdict would depend on what was judged earlier.
 */
const PAID = new WeakMap<WorkBudget, Set<CompiledSchema>>();

/** The size of a schema: its objects, each counted again for every `$id` that it is inside of. */
export function schemaParts(schema: Json, weight = 1, depth = 0): number {
  if (depth > SCHEMA_DEPTH_MAX * 2) return Number.POSITIVE_INFINITY;
  if (Array.isArray(schema)) return sum(schema.map((item) => schemaParts(item, weight, depth + 1)));
  if (!isJsonObject(schema)) return 0;
  const inner = depth > 0 && ('$id' in schema || 'id' in schema) ? weight * 2 : weight;
  return inner + sum(Object.values(schema).map((value) => schemaParts(value, inner, depth + 1)));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** Every `pattern` in a schema. */
export function schemaPatterns(schema: Json, names = false): string[] {
  if (Array.isArray(schema)) return schema.flatMap((item) => schemaPatterns(item));
  if (!isJsonObject(schema)) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    if (names) return schemaPatterns(value);
    if (key === DROPPED_KEYWORD || DATA_KEYWORDS.has(key)) return [];
    if (key === 'pattern' && typeof value === 'string') return [value];
    return schemaPatterns(value, MAP_KEYWORDS.has(key));
  });
}

/** Compiled schemas, by the value that was written: a monitor's stays the same for thousands of checks. */
const COMPILED = new WeakMap<object, CompiledSchema>();

/** Throws when the schema cannot be used. */
function compiled(schema: Json): CompiledSchema {
  if (!isJsonObject(schema)) {
    return { root: schema === true, draft: DRAFT_DEFAULT, parts: {}, tracksEvaluated: false, work: 0 };
  }
  const known = COMPILED.get(schema);
  if (known !== undefined) return known;
  const refused = wholeRefusal(schema);
  if (refused !== null) throw new Error(refused);
  const root = usedCopy(schema) as Schema;
  const made: CompiledSchema = {
    root,
    draft: draftOf(schema) ?? DRAFT_DEFAULT,
    parts: dereference(root),
    tracksEvaluated: /"unevaluated(?:Items|Properties)":/.test(JSON.stringify(root)),
    work: schemaParts(schema) * PART_WORK,
  };
  COMPILED.set(schema, made);
  return made;
}

/** A `$ref` is resolved inside the schema only: nothing is fetched. */
function unresolvedReference({ parts }: CompiledSchema): string | null {
  for (const part of Object.values(parts)) {
    if (typeof part === 'boolean' || part.$ref === undefined) continue;
    if (!((part.__absolute_ref__ ?? part.$ref) in parts)) return `the $ref ${JSON.stringify(part.$ref)} leads nowhere`;
  }
  return null;
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
  const parts = schemaParts(schema);
  if (parts > SCHEMA_PARTS_MAX) {
    return `may have ${SCHEMA_PARTS_MAX} parts on ${SCHEMA_DEPTH_MAX} levels; inside each nested $id they count twice`;
  }
  return schemaFormProblem(schema, draft) ?? refusal(schema);
}

/** The reason why some part of the schema cannot be evaluated, or null. */
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

/** A copy without what is not used: the library writes into the schema that it is given. */
function usedCopy(schema: Json, names = false): Json {
  if (Array.isArray(schema)) return schema.map((item) => usedCopy(item));
  if (!isJsonObject(schema)) return schema;
  // Object.fromEntries instead of assignment, because a property may be named __proto__.
  return Object.fromEntries(
    Object.entries(schema).flatMap(([key, value]): [string, Json][] => {
      if (names) return [[key, usedCopy(value)]];
      if (key === DROPPED_KEYWORD) return [];
      return [[key, DATA_KEYWORDS.has(key) ? value : usedCopy(value, MAP_KEYWORDS.has(key))]];
    }),
  );
}

function firstOf(problems: readonly (string | null)[]): string | null {
  return problems.find((problem) => problem !== null) ?? null;
}
