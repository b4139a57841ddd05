import { describe, expect, it } from 'vitest';
import { jsonSchemaMismatch, jsonSchemaProblem } from './json-schema.ts';
import { WorkBudget } from './work-budget.ts';

describe('a schema that would let everything pass', () => {
  it.each<[string, object]>([
    ['/properties', { properties: ['a'] }],
    ['/properties', { properties: { a: 'string' } }],
    ['/items', { items: ['string'] }],
    ['/properties/a/type', { properties: { a: { type: ['string', 'nul'] } } }],
    ['/allOf/1/required', { allOf: [{}, { required: 'a' }] }],
    ['/anyOf', { anyOf: { type: 'string' } }],
    ['/$defs/a/enum', { $ref: '#/$defs/a', $defs: { a: { enum: 'abc' } } }],
    ['/minimum', { minimum: '5' }],
    ['/exclusiveMinimum', { minimum: 5, exclusiveMinimum: true }],
    ['/exclusiveMaximum', { $schema: 'http://json-schema.org/draft-04/schema#', exclusiveMaximum: 5 }],
    ['/maxLength', { maxLength: -1 }],
    ['/uniqueItems', { uniqueItems: 'yes' }],
    ['/dependentRequired', { dependentRequired: { a: 'b' } }],
    ['/dependencies/a/type', { dependencies: { a: { type: 'x' }, b: ['a'] } }],
    ['/pattern', { pattern: 5 }],
    ['/$dynamicRef', { $dynamicRef: '#node' }],
    ['$schema', { $schema: 'http://json-schema.org/draft-03/schema#', required: [] }],
  ])('is refused for its %s', (path, schema) => {
    expect(jsonSchemaProblem(schema)?.startsWith(path)).toBe(true);
    expect(() => jsonSchemaMismatch(schema, {}, new WorkBudget())).toThrow(path);
  });

  it.each<[object]>([
    [{ type: ['string', 'null'], format: 'int32', nullable: true, example: { type: 'x' } }],
    [{ items: [{ type: 'string' }, true], additionalItems: false }],
    [{ properties: { type: { type: 'string' }, required: true, items: {} }, required: ['type'] }],
    [{ $schema: 'http://json-schema.org/draft-04/schema#', minimum: 5, exclusiveMinimum: true }],
    [{ dependencies: { a: ['b'], c: { required: ['a'] } }, dependentRequired: { a: ['b'] } }],
    [{ enum: [{ type: 'x' }], default: { minimum: 'x' }, examples: [{ $ref: 5 }], const: { items: 3 } }],
  ])('has nothing to do with %j', (schema) => {
    expect(jsonSchemaProblem(schema)).toBeNull();
  });
});

describe('a backtracking pattern', () => {
  it.each<[object]>([
    [{ $ref: '#/examples', examples: { pattern: '^(a+)+$' } }],
    [{ $ref: '#/examples/a', examples: { a: { pattern: '^(a+)+$' } } }],
  ])('is not reached by %j', (schema) => {
    expect(jsonSchemaProblem(schema)).toContain('leads nowhere');
    expect(() => jsonSchemaMismatch(schema, 'a', new WorkBudget())).toThrow('Unresolved');
  });
});

it('judges a property called __proto__ as any other', () => {
  const schema = JSON.parse('{"properties": {"__proto__": {"type": "string"}}}');
  expect(jsonSchemaMismatch(schema, JSON.parse('{"__proto__": 1}'), new WorkBudget())).toContain('__proto__');
  expect(jsonSchemaMismatch(schema, JSON.parse('{"__proto__": "a"}'), new WorkBudget())).toBeNull();
});
