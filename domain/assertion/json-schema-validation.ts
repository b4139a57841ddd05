import { format as formats, type Schema } from '@cfworker/json-schema';
import { isJsonObject } from '../base/json-object.ts';
import { canonicalText } from './canonical-text.ts';
import { deepEqual, keysOf } from './deep-equal.ts';
import type { CompiledSchema } from './json-schema.ts';
import { compileRegex, firstMatch } from './linear-regex.ts';
import { isMultipleOf } from './multiple-of.ts';
import type { WorkBudget } from './work-budget.ts';

/** Units of work for judging a value by one part of a schema, and for each keyword that looks something up. */
const PART_WORK = 450;
const LOOKUP_WORK = 80;
/** Units for each character whose length is counted, and for each that a format reads. */
const CHARACTER_WORK = 3;
const FORMAT_CHARACTER_WORK = 60;
/** The formats' own expressions backtrack, though never exponentially: longer texts are no dates, hosts or addresses. */
const FORMAT_LENGTH_MAX = 2_048;
/** Units for dividing exactly: the numbers may have three hundred digits. */
const DIVISION_WORK = 4_500;
/** A schema may refer to itself, and a value nest as deep as it likes: deeper than this the stack would overflow. */
const DEPTH_MAX = 1_000;

/** A place in the document, innermost first. */
interface Place {
  readonly outer: Place | null;
  readonly key: string | number;
}

/** A mismatch. Its words are made only when it is reported, because most mismatches concern one of several alternatives. */
interface Mismatch {
  readonly place: Place | null;
  readonly words: () => string;
}

/** Properties and items that some keyword has looked at; null where no keyword asks. */
type Evaluated = Set<string | number> | null;

/** The state on the way down: the depth, and the target of `$recursiveRef`. */
interface Way {
  readonly place: Place | null;
  readonly depth: number;
  readonly anchor: Schema | null;
}

type Judged = Mismatch | null;

/** Judges values by one schema, part by part. The names of its methods are the keywords that they judge. */
export class SchemaValidation {
  readonly #schema: CompiledSchema;
  readonly #budget: WorkBudget;

  constructor(schema: CompiledSchema, budget: WorkBudget) {
    this.#schema = schema;
    this.#budget = budget;
  }

  /** The reason why the value does not match, or null. */
  mismatch(value: unknown): string | null {
    const found = this.#judge(this.#schema.root, value, { place: null, depth: 0, anchor: null }, this.#evaluated());
    return found === null ? null : `${pointer(found.place)}: ${found.words()}`;
  }

  #evaluated(): Evaluated {
    return this.#schema.tracksEvaluated ? new Set() : null;
  }

  #judge(schema: Schema | boolean, value: unknown, way: Way, evaluated: Evaluated): Judged {
    this.#budget.spend(PART_WORK);
    if (schema === true) return null;
    if (schema === false) return { place: way.place, words: () => 'nothing is allowed here' };
    if (way.depth >= DEPTH_MAX) throw new Error('the schema refers to itself too often, or the value nests too deeply');
    const anchor = way.anchor ?? (schema.$recursiveAnchor === true ? schema : null);
    const here = { ...way, depth: way.depth + 1, anchor };
    const referred = this.#references(schema, value, here, evaluated);
    // Before draft 2019-09 a $ref replaces what stands beside it.
    if (schema.$ref !== undefined && !this.#isNew) return referred;
    return (
      referred ??
      this.#type(schema, value, way) ??
      this.#equality(schema, value, way) ??
      this.#combined(schema, value, here, evaluated) ??
      this.#conditional(schema, value, here, evaluated) ??
      this.#ofItsType(schema, value, here, evaluated)
    );
  }

  get #isNew(): boolean {
    return this.#schema.draft !== '4' && this.#schema.draft !== '7';
  }

  #ofItsType(schema: Schema, value: unknown, way: Way, evaluated: Evaluated): Judged {
    if (typeof value === 'string') return this.#text(schema, value, way);
    if (typeof value === 'number') return this.#number(schema, value, way);
    if (Array.isArray(value)) return this.#list(schema, value, way, evaluated);
    return isJsonObject(value) ? this.#object(schema, value, way, evaluated) : null;
  }

  /* ---- references ---------------------------------------------------------------------------------------- */

  #references(schema: Schema, value: unknown, way: Way, evaluated: Evaluated): Judged {
    const { $ref, $recursiveRef, __absolute_ref__, __absolute_recursive_ref__ } = schema;
    if ($recursiveRef === '#') {
      const found = way.anchor ?? this.#part(__absolute_recursive_ref__ ?? $recursiveRef, $recursiveRef);
      const mismatch = this.#judge(found, value, way, evaluated);
      if (mismatch !== null) return mismatch;
    }
    return $ref === undefined ? null : this.#judge(this.#part(__absolute_ref__ ?? $ref, $ref), value, way, evaluated);
  }

  #part(uri: string, written: string): Schema | boolean {
    this.#budget.spend(LOOKUP_WORK);
    const part = this.#schema.parts[uri];
    if (part === undefined) throw new Error(`Unresolved $ref ${JSON.stringify(written)}`);
    return part;
  }

  /* ---- any type ------------------------------------------------------------------------------------------ */

  #type({ type }: Schema, value: unknown, { place }: Way): Judged {
    if (type === undefined) return null;
    const allowed = [type].flat();
    this.#budget.spend(allowed.length * LOOKUP_WORK);
    const actual = typeOf(value);
    if (allowed.some((one) => one === actual || (one === 'integer' && Number.isInteger(value)))) return null;
    return { place, words: () => `Instance type "${actual}" is invalid. Expected "${allowed.join('", "')}".` };
  }

  #equality(schema: Schema, value: unknown, { place }: Way): Judged {
    if (schema.const !== undefined && !deepEqual(value, schema.const, this.#budget)) {
      return { place, words: () => 'Instance does not match "const".' };
    }
    const allowed = schema.enum;
    if (allowed === undefined || allowed.some((one) => deepEqual(value, one, this.#budget))) return null;
    return { place, words: () => 'Instance does not match any of "enum".' };
  }

  /* ---- subschemas of the same value ---------------------------------------------------------------------- */

  #combined(schema: Schema, value: unknown, way: Way, evaluated: Evaluated): Judged {
    const { not, anyOf, allOf, oneOf } = schema;
    if (not !== undefined && this.#judge(not, value, way, this.#evaluated()) === null) {
      return { place: way.place, words: () => 'Instance matched "not" schema.' };
    }
    const below = { ...way, anchor: schema.$recursiveAnchor === true ? way.anchor : null };
    return (
      this.#anyOf(anyOf, value, below, evaluated) ??
      this.#allOf(allOf, value, below, evaluated) ??
      this.#oneOf(oneOf, value, below, evaluated)
    );
  }

  #anyOf(parts: readonly Schema[] | undefined, value: unknown, way: Way, evaluated: Evaluated): Judged {
    if (parts === undefined) return null;
    let last: Judged = null;
    let matches = false;
    for (const part of parts) {
      const mismatch = this.#branch(part, value, way, evaluated);
      matches ||= mismatch === null;
      last = mismatch ?? last;
      // The other alternatives matter only to who asks what they have looked at.
      if (matches && evaluated === null) return null;
    }
    return matches ? null : (last ?? { place: way.place, words: () => 'Instance does not match any subschemas.' });
  }

  #allOf(parts: readonly Schema[] | undefined, value: unknown, way: Way, evaluated: Evaluated): Judged {
    for (const part of parts ?? []) {
      const mismatch = this.#branch(part, value, way, evaluated);
      if (mismatch !== null) return mismatch;
    }
    return null;
  }

  #oneOf(parts: readonly Schema[] | undefined, value: unknown, way: Way, evaluated: Evaluated): Judged {
    if (parts === undefined) return null;
    let last: Judged = null;
    let matches = 0;
    for (const part of parts) {
      const mismatch = this.#branch(part, value, way, evaluated);
      if (mismatch === null) matches++;
      last = mismatch ?? last;
    }
    if (matches === 1) return null;
    const words = () => `Instance does not match exactly one subschema (${matches} matches).`;
    return matches === 0 ? (last ?? { place: way.place, words }) : { place: way.place, words };
  }

  #conditional(schema: Schema, value: unknown, way: Way, evaluated: Evaluated): Judged {
    if (schema.if === undefined) return null;
    const next = this.#branch(schema.if, value, way, evaluated) === null ? schema.then : schema.else;
    return next === undefined ? null : this.#judge(next, value, way, evaluated);
  }

  /** Properties and items that a mismatching part has evaluated do not count as evaluated. */
  #branch(part: Schema | boolean, value: unknown, way: Way, evaluated: Evaluated): Judged {
    const own = this.#evaluated();
    const mismatch = this.#judge(part, value, way, own);
    if (mismatch === null && own !== null && evaluated !== null) {
      this.#budget.spend(own.size * LOOKUP_WORK);
      for (const key of own) evaluated.add(key);
    }
    return mismatch;
  }

  /* ---- objects ------------------------------------------------------------------------------------------- */

  #object(schema: Schema, value: Record<string, unknown>, way: Way, evaluated: Evaluated): Judged {
    return (
      this.#required(schema, value, way) ??
      this.#propertyCount(schema, value, way) ??
      this.#propertyNames(schema, value, way) ??
      this.#dependent(schema, value, way, evaluated) ??
      this.#properties(schema, value, way, evaluated)
    );
  }

  #required({ required }: Schema, value: object, { place }: Way): Judged {
    const missing = this.#missing(required, value);
    if (missing === undefined) return null;
    return { place, words: () => `Instance does not have required property "${missing}".` };
  }

  #missing(names: readonly string[] | undefined, value: object): string | undefined {
    this.#budget.spend((names?.length ?? 0) * LOOKUP_WORK);
    return names?.find((name) => !Object.hasOwn(value, name));
  }

  #propertyCount({ minProperties, maxProperties }: Schema, value: object, { place }: Way): Judged {
    if (minProperties === undefined && maxProperties === undefined) return null;
    const count = keysOf(value, this.#budget).length;
    if (count < (minProperties ?? 0)) {
      return { place, words: () => `Instance does not have at least ${minProperties} properties.` };
    }
    if (maxProperties === undefined || count <= maxProperties) return null;
    return { place, words: () => `Instance has more than ${maxProperties} properties.` };
  }

  #propertyNames({ propertyNames }: Schema, value: object, way: Way): Judged {
    if (propertyNames === undefined) return null;
    for (const key of keysOf(value, this.#budget)) {
      const mismatch = this.#judge(propertyNames, key, into(way, key), this.#evaluated());
      if (mismatch !== null) return mismatch;
    }
    return null;
  }

  #dependent(schema: Schema, value: object, way: Way, evaluated: Evaluated): Judged {
    const { dependentRequired, dependentSchemas, dependencies } = schema;
    const dependents = [dependentRequired, dependentSchemas, dependencies].flatMap((map) => this.#entriesOf(map));
    for (const [key, then] of dependents) {
      if (!Object.hasOwn(value, key)) continue;
      if (!Array.isArray(then)) {
        const mismatch = this.#judge(then as Schema | boolean, value, way, evaluated);
        if (mismatch !== null) return mismatch;
        continue;
      }
      const missing = this.#missing(then, value);
      if (missing !== undefined) {
        return { place: way.place, words: () => `Instance has "${key}" but does not have "${missing}".` };
      }
    }
    return null;
  }

  #properties(schema: Schema, value: Record<string, unknown>, way: Way, evaluated: Evaluated): Judged {
    const { properties, additionalProperties, unevaluatedProperties } = schema;
    for (const [key, part] of this.#entriesOf(properties)) {
      if (!Object.hasOwn(value, key)) continue;
      const mismatch = this.#judge(part as Schema | boolean, value[key], into(way, key), this.#evaluated());
      if (mismatch !== null) return mismatch;
      evaluated?.add(key);
    }
    const rest = additionalProperties ?? unevaluatedProperties;
    if (rest === undefined) return null;
    for (const key of keysOf(value, this.#budget)) {
      const isKnown =
        additionalProperties === undefined
          ? evaluated?.has(key) === true
          : properties !== undefined && Object.hasOwn(properties, key);
      if (isKnown) continue;
      const mismatch = this.#judge(rest, value[key], into(way, key), this.#evaluated());
      if (mismatch !== null) return mismatch;
      evaluated?.add(key);
    }
    return null;
  }

  #entriesOf(map: object | undefined): [string, unknown][] {
    if (map === undefined) return [];
    const entries = Object.entries(map);
    this.#budget.spend(entries.length * LOOKUP_WORK);
    return entries;
  }

  /* ---- lists --------------------------------------------------------------------------------------------- */

  #list(schema: Schema, value: readonly unknown[], way: Way, evaluated: Evaluated): Judged {
    return (
      this.#itemCount(schema, value, way) ??
      this.#items(schema, value, way, evaluated) ??
      this.#contains(schema, value, way, evaluated) ??
      this.#unevaluatedItems(schema, value, way, evaluated) ??
      this.#uniqueItems(schema, value, way)
    );
  }

  #itemCount({ minItems, maxItems }: Schema, { length }: readonly unknown[], { place }: Way): Judged {
    if (length > (maxItems ?? length)) {
      return { place, words: () => `Array has too many items (${length} > ${maxItems}).` };
    }
    if (length >= (minItems ?? 0)) return null;
    return { place, words: () => `Array has too few items (${length} < ${minItems}).` };
  }

  #items(
    { prefixItems, items, additionalItems }: Schema,
    value: readonly unknown[],
    way: Way,
    evaluated: Evaluated,
  ): Judged {
    const first = [...(prefixItems ?? []), ...(Array.isArray(items) ? items : [])];
    const rest = Array.isArray(items) ? additionalItems : items;
    for (const [index, item] of value.entries()) {
      const part = index < first.length ? first[index] : rest;
      if (part === undefined) return null;
      const mismatch = this.#judge(part, item, into(way, index), this.#evaluated());
      if (mismatch !== null) return mismatch;
      evaluated?.add(index);
    }
    return null;
  }

  #contains(schema: Schema, value: readonly unknown[], way: Way, evaluated: Evaluated): Judged {
    const { contains, minContains = 1, maxContains = Number.POSITIVE_INFINITY } = schema;
    if (contains === undefined) return null;
    let count = 0;
    for (const [index, item] of value.entries()) {
      if (this.#judge(contains, item, into(way, index), this.#evaluated()) !== null) continue;
      evaluated?.add(index);
      count++;
    }
    if (count >= minContains && count <= maxContains) return null;
    return { place: way.place, words: () => `Array contains ${count} items matching schema.` };
  }

  #unevaluatedItems({ unevaluatedItems }: Schema, value: readonly unknown[], way: Way, evaluated: Evaluated): Judged {
    if (unevaluatedItems === undefined) return null;
    for (const [index, item] of value.entries()) {
      this.#budget.spend(LOOKUP_WORK);
      if (evaluated?.has(index) === true) continue;
      const mismatch = this.#judge(unevaluatedItems, item, into(way, index), this.#evaluated());
      if (mismatch !== null) return mismatch;
      evaluated?.add(index);
    }
    return null;
  }

  /** Equal values have the same canonical text, so that a list is read once and not once for each of its items. */
  #uniqueItems({ uniqueItems }: Schema, value: readonly unknown[], { place }: Way): Judged {
    if (uniqueItems !== true) return null;
    const seen = new Map<string, number>();
    for (const [index, item] of value.entries()) {
      const text = canonicalText(item, this.#budget);
      const known = seen.get(text);
      if (known !== undefined) return { place, words: () => `Duplicate items at indexes ${known} and ${index}.` };
      seen.set(text, index);
    }
    return null;
  }

  /* ---- numbers and text ---------------------------------------------------------------------------------- */

  #number(schema: Schema, value: number, { place }: Way): Judged {
    const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY, multipleOf } = schema;
    const { exclusiveMinimum, exclusiveMaximum } = schema;
    // In draft 4 these are flags of `minimum` and `maximum`.
    const above = exclusiveMinimum === true ? minimum : exclusiveMinimum;
    const below = exclusiveMaximum === true ? maximum : exclusiveMaximum;
    if (value < minimum) return { place, words: () => `${value} is less than ${minimum}.` };
    if (value > maximum) return { place, words: () => `${value} is greater than ${maximum}.` };
    if (typeof above === 'number' && value <= above) {
      return { place, words: () => `${value} is less than or equal to ${above}.` };
    }
    if (typeof below === 'number' && value >= below) {
      return { place, words: () => `${value} is greater than or equal to ${below}.` };
    }
    if (multipleOf === undefined) return null;
    this.#budget.spend(DIVISION_WORK);
    return isMultipleOf(value, multipleOf)
      ? null
      : { place, words: () => `${value} is not a multiple of ${multipleOf}.` };
  }

  #text(schema: Schema, value: string, way: Way): Judged {
    return this.#length(schema, value, way) ?? this.#pattern(schema, value, way) ?? this.#format(schema, value, way);
  }

  #length({ minLength, maxLength }: Schema, value: string, { place }: Way): Judged {
    if (minLength === undefined && maxLength === undefined) return null;
    this.#budget.spend(value.length * CHARACTER_WORK);
    let length = 0;
    for (const _ of value) length++;
    if (length < (minLength ?? 0)) return { place, words: () => `String is too short (${length} < ${minLength}).` };
    if (length <= (maxLength ?? length)) return null;
    return { place, words: () => `String is too long (${length} > ${maxLength}).` };
  }

  #pattern({ pattern }: Schema, value: string, { place }: Way): Judged {
    if (pattern === undefined) return null;
    if (firstMatch(compileRegex(pattern), value, this.#budget) !== null) return null;
    return { place, words: () => 'String does not match "pattern".' };
  }

  #format({ format: name }: Schema, value: string, { place }: Way): Judged {
    if (name === undefined || !Object.hasOwn(formats, name)) return null;
    if (value.length > FORMAT_LENGTH_MAX) {
      return { place, words: () => `String is longer than any "${name}" (${value.length} > ${FORMAT_LENGTH_MAX}).` };
    }
    this.#budget.spend(LOOKUP_WORK + value.length * FORMAT_CHARACTER_WORK);
    return formats[name]?.(value) === true ? null : { place, words: () => `String does not match format "${name}".` };
  }
}

function into(way: Way, key: string | number): Way {
  return { ...way, place: { outer: way.place, key } };
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** RFC 6901, as a URI's fragment without its encoding: a person reads it. */
function pointer(place: Place | null): string {
  const keys: string[] = [];
  for (let at = place; at !== null; at = at.outer) {
    keys.unshift(String(at.key).replaceAll('~', '~0').replaceAll('/', '~1'));
  }
  return ['#', ...keys].join('/');
}
