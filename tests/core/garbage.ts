import fc from 'fast-check';
import { type DocumentedRoute, type DocumentedSchema, pathOf } from './documented-routes.ts';
import type { SampleObjects } from './sample-objects.ts';

/** A request with invalid parts. Most of it is valid, so that some requests pass the first validation. */
export interface GarbageRequest {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly rawBody?: string;
}

export interface Known {
  readonly routes: readonly DocumentedRoute[];
  readonly schemas: Readonly<Record<string, DocumentedSchema>>;
  readonly objects: SampleObjects;
}

const TEXTS = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udfff\ud800',
  '\u202e\ufeff',
  '💥'.repeat(200),
  'x'.repeat(3000),
  '__proto__',
  'constructor',
  '%00',
  '%',
  '\\',
  "'; DROP TABLE users; --",
  '../../etc/passwd',
  '{{7*7}}',
  '$.a[?(@.b==1)]',
  '((a+)+)+$',
  'https://shop.example.com/',
  'http://[::1',
  'null',
  '-0',
];
const NUMBERS = [0, -0, -1, 0.5, 1e21, 1e308, 5e-324, 2 ** 31, 2 ** 53 + 2, -(2 ** 63), 32_768];
const TIMES = [
  '0000-01-01T00:00:00Z',
  '0001-01-01T00:00:00.000Z',
  '9999-12-31T23:59:59.999Z',
  '2026-02-30T00:00:00Z',
  '+275760-09-13T00:00:00Z',
  '2026-01-01T25:61:61Z',
  '2026-01-01',
  '1e400',
];
/** Query values as they are in the URL; some cannot be decoded. */
const RAW_QUERY = ['%00', '%', '%zz', '%ED%A0%80', '%F0%9F', '%2500', '+', '[]', '&', 'x'.repeat(5000)];
const BODIES = [
  '',
  '{',
  'null',
  '[]',
  '"x"',
  '1e999',
  '{"a":1}{"b":2}',
  '\ufeff{}',
  '{"name":"\u0000"}',
  '{"__proto__":{"name":"x"},"constructor":{"prototype":1}}',
  `{"name":${'9'.repeat(5000)}}`,
  '['.repeat(50_000),
  `${'{"a":'.repeat(99)}1${'}'.repeat(99)}`,
  `{"name":"${'x'.repeat(1024 * 1024)}"}`,
];
const CONTENT_TYPES = [
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/x-www-form-urlencoded',
  'APPLICATION/JSON',
  'application/json ; charset=utf-8',
  'application/json;;',
  'application/merge-patch+json',
  'application/problem+json',
  '*/*',
  '',
];
const LONG = 'k'.repeat(10_000);

export function garbageRequest(route: DocumentedRoute, known: Known): fc.Arbitrary<GarbageRequest> {
  return fc
    .record({
      path: garbagePath(route, known),
      query: garbageQuery(route, known),
      headers: garbageHeaders(route),
      rawBody: garbageBody(route, known),
    })
    .map(({ path, query, headers, rawBody }) => ({
      path: query === '' ? path : `${path}?${query}`,
      headers,
      ...(rawBody === null ? {} : { rawBody }),
    }));
}

/**
 * Paths of objects that mostly exist, so that the rest of the request is validated. A DELETE never names an existing
 * one, except on a path that names no object.
 */
function garbagePath({ method, template }: DocumentedRoute, { objects }: Known): fc.Arbitrary<string> {
  const real = pathOf(template, objects);
  const other = fc
    .constantFrom(...Object.values(objects), 'mon_00000000000000000000000000', '%00', '%', '..%2f', '1', LONG)
    .map((id) => template.replaceAll(/\{[^}]+\}/g, id))
    .filter((path) => method !== 'DELETE' || path !== real || real === template);
  return method === 'DELETE'
    ? other
    : fc.oneof({ weight: 4, arbitrary: fc.constant(real) }, { weight: 1, arbitrary: other });
}

function garbageQuery({ parameters }: DocumentedRoute, known: Known): fc.Arbitrary<string> {
  const pairs = parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, schema }) =>
      fc.option(
        garbageQueryValue(schema, known).map((value) => `${name}=${value}`),
        { freq: 2 },
      ),
    );
  const odd = fc.constantFrom('limit=1&limit=2', 'cursor[]=x', '__proto__=x', '=', '%00=x', '%=1');
  const extra = fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: odd });
  return fc.tuple(extra, ...pairs).map((parts) => parts.filter((part) => part !== null).join('&'));
}

function garbageQueryValue(schema: DocumentedSchema, known: Known): fc.Arbitrary<string> {
  const encode = (value: unknown) => encodeURIComponent(String(value).toWellFormed());
  const cursor = fc
    .array(fc.constantFrom(...TEXTS, ...TIMES, ...Object.values(known.objects)), { maxLength: 4 })
    .map((parts) => Buffer.from(parts.join('\n')).toString('base64url').slice(0, 200));
  return fc.oneof(
    { weight: 6, arbitrary: garbageValue(schema, known).map(encode) },
    { weight: 1, arbitrary: fc.constantFrom(...TEXTS, ...NUMBERS, ...TIMES).map(encode) },
    { weight: 1, arbitrary: fc.constantFrom(...RAW_QUERY) },
    { weight: 1, arbitrary: cursor },
  );
}

function garbageHeaders({ method }: DocumentedRoute): fc.Arbitrary<Record<string, string>> {
  const text = fc.oneof(fc.constantFrom('', LONG, '"', 'ÿ\u0080', '%00', '{}'), fc.string({ maxLength: 20 }));
  // Characters that HTTP headers cannot hold are removed: a client refuses to send them.
  const value = text.map((one) => one.replace(/[^\x20-\x7e\x80-\xff]/g, '').trim());
  const contentType = fc.oneof(
    { weight: 3, arbitrary: fc.constant('application/json') },
    { weight: 1, arbitrary: fc.constantFrom(...CONTENT_TYPES) },
  );
  return fc.record(
    {
      ...(method === 'GET' ? {} : { 'Content-Type': contentType }),
      'If-Match': fc.oneof(value, fc.constantFrom('*', '*', '*', '"1"', 'W/"1"', '"1", "2"')),
      'Idempotency-Key': value,
      traceparent: value,
      Cookie: fc.constantFrom('bt_access=%', 'bt_access=a.b.c; bt_refresh=x; bt_csrf=y', '=;=;', LONG),
      'X-CSRF-Token': value,
      Accept: fc.constantFrom('application/xml', ';;', '*/*;q=x', LONG),
      'User-Agent': value,
      'X-Forwarded-For': value,
      Origin: fc.constantFrom('null', 'https://', 'http://localhost:8080', 'https://evil.example'),
    },
    { requiredKeys: method === 'GET' ? [] : ['Content-Type'] },
  ) as fc.Arbitrary<Record<string, string>>;
}

function garbageBody(route: DocumentedRoute, known: Known): fc.Arbitrary<string | null> {
  if (route.method === 'GET' || route.method === 'DELETE') return fc.constant(null);
  const schema = writtenSchema(route, known);
  const written = schema === null ? fc.jsonValue() : garbageValue(schema, known);
  return fc.oneof(
    { weight: 12, arbitrary: written.map((value) => JSON.stringify(value)) },
    { weight: 2, arbitrary: fc.constantFrom(...BODIES) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  );
}

/**
 * The schema of a route's body. A patch has no properties in the document, so it gets those of its POST, all optional.
 */
function writtenSchema({ template, body }: DocumentedRoute, { routes, schemas }: Known): DocumentedSchema | null {
  if (body === null || body.properties === undefined || Object.keys(body.properties).length > 0) return body;
  const collection = template.replace(/\/\{[^/]+\}(?:\/test)?$/, '');
  const post = routes.find((route) => route.method === 'POST' && route.template === collection)?.body;
  const whole = post?.$ref === undefined ? post : schemas[post.$ref.split('/').at(-1) ?? ''];
  return whole === null || whole === undefined ? body : { ...whole, required: [] };
}

/** A value that fits the schema, except in some places. */
function garbageValue(schema: DocumentedSchema, known: Known, depth = 0): fc.Arbitrary<unknown> {
  const anything = fc.oneof(
    fc.constantFrom<unknown>(...TEXTS, ...NUMBERS, ...TIMES, ...Object.values(known.objects), null, true, [], {}),
    fc.jsonValue({ maxDepth: 3 }),
  );
  // Garbage is rare at each level; more of it would leave no request that passes validation.
  return fc.oneof({ weight: 15, arbitrary: schemaValue(schema, known, depth) }, { weight: 1, arbitrary: anything });
}

/** Deeper than any schema of the document that does not refer to itself. */
const DEPTH_MAX = 8;

function schemaValue(schema: DocumentedSchema, known: Known, depth: number): fc.Arbitrary<unknown> {
  if (depth > DEPTH_MAX) return fc.constant(null);
  const inside = (part: DocumentedSchema) => garbageValue(part, known, depth + 1);
  const { $ref, properties, required, items = {}, additionalProperties = {} } = schema;
  if ($ref !== undefined) return schemaValue(known.schemas[$ref.split('/').at(-1) ?? ''] ?? {}, known, depth + 1);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map(inside));
  if (schema.allOf !== undefined) {
    const parts = schema.allOf.map((part) => schemaValue(part, known, depth + 1));
    return fc.tuple(...parts).map((values) => Object.assign({}, ...values));
  }
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.type === 'object' && properties !== undefined) {
    const members: Record<string, fc.Arbitrary<unknown>> = {};
    for (const [name, part] of Object.entries(properties)) members[name] = memberOf(name, part, known, depth);
    return fc.record(members, { requiredKeys: required ?? [] });
  }
  if (schema.type === 'object') {
    return fc.dictionary(fc.constantFrom('X-Team', ...TEXTS), inside(additionalProperties), { maxKeys: 3 });
  }
  if (schema.type === 'array') return fc.array(inside(items), { maxLength: 4 });
  if (schema.type === 'boolean') return fc.boolean();
  if (schema.type === 'integer' || schema.type === 'number') {
    const { minimum = 0, maximum = 10 } = schema;
    return mostly(fc.integer({ min: minimum, max: maximum }), fc.constantFrom(...NUMBERS));
  }
  if (schema.type === 'string') return textOf(schema);
  return fc.jsonValue({ maxDepth: 3 });
}

/** Members whose name ends in `Id` get ids of existing objects, of any kind. */
function memberOf(name: string, schema: DocumentedSchema, known: Known, depth: number): fc.Arbitrary<unknown> {
  if (!/Id$/.test(name)) return garbageValue(schema, known, depth + 1);
  return fc.oneof(fc.constantFrom(...Object.values(known.objects)), garbageValue(schema, known, depth + 1));
}

function textOf(schema: DocumentedSchema): fc.Arbitrary<string> {
  const garbage = fc.constantFrom(...TEXTS);
  if (schema.format === 'uri')
    return mostly(fc.constantFrom('https://a.example/', 'http://127.0.0.1:1/?q=%00'), garbage);
  if (schema.format === 'date-time') return mostly(fc.constant('2026-01-01T00:00:00Z'), fc.constantFrom(...TIMES));
  if (schema.format === 'email') return mostly(fc.constant('ada@example.com'), garbage);
  return mostly(fc.constantFrom('shop', '$.a', 'a regular name'), fc.oneof(garbage, fc.string({ unit: 'binary' })));
}

function mostly<T>(valid: fc.Arbitrary<T>, garbage: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 6, arbitrary: valid }, { weight: 1, arbitrary: garbage });
}
