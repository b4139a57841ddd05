import { type Assertion, type AssertionProblem, assertionShapeProblems } from './assertion.ts';
import { JsonPathError, readJsonPath } from './json-path.ts';
import { jsonSchemaProblem, SCHEMA_PARTS_MAX, schemaParts, schemaPatterns } from './json-schema.ts';
import { PATTERNS_SIZE_MAX, patternSize, regexProblem } from './linear-regex.ts';

/** A fault of one of several assertions. */
export interface WrittenProblem extends AssertionProblem {
  readonly index: number;
}

/**
 * The faults of a monitor's assertions as a user wrote them, beyond those of their form: patterns, paths and schemas are
 * compiled. Their sizes are added up first, and nothing beyond the bound on their sum is compiled, because the process
 * that validates monitors serves all organisations.
 */
export function writtenAssertionProblems(assertions: readonly Assertion[]): WrittenProblem[] {
  const room = { patterns: PATTERNS_SIZE_MAX, parts: SCHEMA_PARTS_MAX };
  return assertions.flatMap((assertion, index) => {
    // An assertion of a wrong form is refused for that.
    if (assertionShapeProblems(assertion).length > 0) return [];
    const size = sizeOf(assertion);
    room.patterns -= size.patterns;
    room.parts -= size.parts;
    const tooMuch = roomProblem(room, size);
    // An assertion that is too large takes no room from the others, so each fault is reported once.
    if (tooMuch !== null) {
      room.patterns += size.patterns;
      room.parts += size.parts;
      return [{ index, path: 'value' as const, message: tooMuch }];
    }
    return assertionProblems(assertion).map((problem) => ({ ...problem, index }));
  });
}

interface Size {
  readonly patterns: number;
  readonly parts: number;
}

function sizeOf({ compare, value }: Assertion): Size {
  if (compare === 'matches' || compare === 'notMatches') return { patterns: patternSize(String(value)), parts: 0 };
  if (compare !== 'schema') return { patterns: 0, parts: 0 };
  const patterns = schemaPatterns(value).reduce((size, pattern) => size + patternSize(pattern), 0);
  return { patterns, parts: schemaParts(value) };
}

function roomProblem(room: Size, size: Size): string | null {
  if (size.patterns > 0 && room.patterns < 0) {
    return `is too large: all regular expressions of a monitor may have ${PATTERNS_SIZE_MAX} steps, written out`;
  }
  if (size.parts > 0 && room.parts < 0) {
    return `is too large: all schemas of a monitor may have ${SCHEMA_PARTS_MAX} parts; inside each nested $id they count twice`;
  }
  return null;
}

/** The faults of one assertion whose form is right and whose size is allowed. */
function assertionProblems({ source, compare, property, value }: Assertion): AssertionProblem[] {
  const problems: AssertionProblem[] = [];
  if (source === 'json' && property !== undefined && property !== '') {
    const message = pathProblem(property);
    if (message !== null) problems.push({ path: 'property', message });
  }
  const message = valueProblem(compare, value);
  if (message !== null) problems.push({ path: 'value', message });
  return problems;
}

function valueProblem(compare: Assertion['compare'], value: unknown): string | null {
  if (compare === 'matches' || compare === 'notMatches') return regexProblem(String(value));
  return compare === 'schema' ? jsonSchemaProblem(value) : null;
}

function pathProblem(path: string): string | null {
  try {
    readJsonPath(path);
    return null;
  } catch (error) {
    if (error instanceof JsonPathError) return error.message;
    throw error;
  }
}
