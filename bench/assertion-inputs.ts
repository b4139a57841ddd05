/** Inputs of the scenario `assertions`: of each kind the slowest input that is known and that the API accepts. */

const MEGABYTE = 1024 * 1024;

interface Input {
  readonly name: string;
  readonly assertions: readonly object[];
}

const matches = (value: string) => ({ source: 'body', compare: 'notMatches', value });
const path = (property: string) => ({ source: 'json', compare: 'exists', property });
const schema = (value: object) => ({ source: 'json', property: '$', compare: 'schema', value });
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** A pseudo-random text of `a` and `b`: a lazily built automaton meets new states all the time. */
function noise(length: number): string {
  let state = 1;
  return times(length, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >> 16) & 1 ? 'a' : 'b';
  }).join('');
}

function listOf(item: (index: number) => string, [open, close] = '[]'): string {
  const items: string[] = [];
  let length = 0;
  for (let index = 0; length < MEGABYTE - 40; index++) {
    const text = item(index);
    items.push(text);
    length += text.length + 1;
  }
  return open + items.join(',') + close;
}

const NOISE = noise(MEGABYTE);
const LETTERS = 'x'.repeat(MEGABYTE);
const HAN = times(MEGABYTE, (index) => String.fromCharCode(0x4e00 + ((index * 7919) % 20_000))).join('');
const EMOJI = '\u{1f600}'.repeat(MEGABYTE / 2);
const USERS = listOf(
  (index) => `{"id":${index},"name":"user ${index}","tags":["a","b"],"ok":true,"score":${index * 1.5}}`,
);
const NUMBERS = listOf((index) => String(index % 10));
const NESTED = `${'['.repeat(900)}0${']'.repeat(900)}`;
const anyOfTree = (depth: number): object =>
  depth === 0 ? { type: 'null' } : { anyOf: [anyOfTree(depth - 1), anyOfTree(depth - 1)] };

export const JUDGED: readonly (Input & { readonly body: string })[] = [
  { name: 'a common pattern', assertions: [matches(String.raw`(?i)\b(error|fatal)\b`)], body: USERS },
  { name: String.raw`(?:\pL?){115}\d, Latin`, assertions: [matches(String.raw`(?:\pL?){115}\d`)], body: LETTERS },
  { name: String.raw`(?:\pL?){115}\d, Han`, assertions: [matches(String.raw`(?:\pL?){115}\d`)], body: HAN },
  { name: 'pattern, characters of two units', assertions: [matches(String.raw`\pL\pN`)], body: EMOJI },
  { name: 'pattern, a new state for each character', assertions: [matches('[ab]*a[ab]{700}c')], body: NOISE },
  { name: 'pattern, few instructions and many states', assertions: [matches('a[ab]{12}c')], body: NOISE },
  {
    name: 'pattern, many alternatives',
    assertions: [matches(times(12, (n) => `a[ab]{${80 + n}}c`).join('|'))],
    body: NOISE,
  },
  {
    name: 'pattern, anchors',
    assertions: [matches(String.raw`(?:\ba|\Ba|a$)[ab ]{150}\bc`)],
    body: NOISE.replaceAll('aab', 'a b'),
  },
  {
    name: 'pattern, large table',
    assertions: [matches(`${times(120, (n) => String.fromCharCode(0x100 + n)).join('|')}|a[ab]{60}c`)],
    body: NOISE,
  },
  { name: 'many patterns', assertions: times(50, (n) => matches(`x{${n % 9}}y${n}`)), body: LETTERS },
  {
    name: 'contains, short words',
    assertions: times(50, () => ({ source: 'body', compare: 'notContains', value: `${'x'.repeat(15)}y` })),
    body: LETTERS,
  },
  {
    name: 'contains, long words',
    assertions: times(50, () => ({ source: 'body', compare: 'notContains', value: `y${'x'.repeat(1_300)}` })),
    body: LETTERS,
  },
  { name: 'equality', assertions: times(50, () => ({ source: 'body', compare: 'ne', value: 'y' })), body: LETTERS },
  { name: 'JSON, common', assertions: [path('$[0].id')], body: USERS },
  { name: 'JSON, numbers', assertions: [path('$')], body: NUMBERS },
  { name: 'JSON, empty objects', assertions: [path('$')], body: listOf(() => '{}') },
  { name: 'JSON, empty lists', assertions: [path('$')], body: listOf(() => '[]') },
  { name: 'JSON, different keys', assertions: [path('$')], body: listOf((n) => `"k${n.toString(36)}":0`, '{}') },
  { name: 'JSON, different objects', assertions: [path('$')], body: listOf((n) => `{"k${n.toString(36)}":0}`) },
  { name: 'JSON, different texts', assertions: [path('$')], body: listOf((n) => `"${n.toString(36)}"`) },
  { name: 'JSON, escapes', assertions: [path('$')], body: listOf(() => String.raw`"\u0061"`) },
  { name: 'JSON, long text', assertions: [path('$')], body: JSON.stringify([HAN]) },
  { name: 'path, common', assertions: [path('$[*].name')], body: USERS },
  { name: 'path, everything', assertions: [path('$..*')], body: NUMBERS },
  { name: 'path, all of all', assertions: [path('$..*..*..*..x')], body: NESTED },
  { name: 'path, filters in filters', assertions: [path('$..[?$..[?@.q]]')], body: listOf((n) => `{"a":[${n}]}`) },
  { name: 'path, comparisons', assertions: [path('$[?@ > $[0] && @ < $[1] && @ == @]')], body: NUMBERS },
  { name: 'path, doubling', assertions: [path(`$${'[0,0]'.repeat(60)}`)], body: NESTED },
  {
    name: 'schema, common',
    assertions: [schema({ items: { required: ['id'], properties: { id: { type: 'integer' } } } })],
    body: USERS,
  },
  { name: 'schema, alternatives', assertions: [schema({ items: { not: anyOfTree(7) } })], body: NUMBERS },
  {
    name: 'schema, items that differ',
    assertions: [schema({ uniqueItems: true })],
    body: listOf((n) => `{"a":${n},"b":[]}`),
  },
  {
    name: 'schema, patterns',
    assertions: [schema({ items: { not: { pattern: 'a[ab]{300}c' } } })],
    body: JSON.stringify([NOISE.slice(0, 900_000)]),
  },
  {
    name: 'schema, formats',
    assertions: [schema({ items: { not: { format: 'uri' } } })],
    body: listOf(() => `"a:${'/x'.repeat(900)} "`),
  },
  {
    name: 'schema, e-mail addresses',
    assertions: [schema({ items: { not: { format: 'email' } } })],
    body: listOf(() => `"${'a.'.repeat(900)}"`),
  },
  {
    name: 'schema, exact division',
    assertions: [schema({ items: { multipleOf: 5e-324 } })],
    body: listOf(() => '1e300'),
  },
  {
    name: 'schema, choices',
    assertions: [schema({ items: { not: { enum: times(2000, (n) => `x${n}`) } } })],
    body: NUMBERS,
  },
];

export const WRITTEN: readonly Input[] = [
  { name: 'fifty patterns', assertions: times(50, (n) => matches(`[a-z]{55}${n}`)) },
  { name: 'three large patterns', assertions: times(3, (n) => matches(`(?:[a-z]?x){200}${n}`)) },
  { name: 'classes of Unicode', assertions: times(50, (n) => matches(`(?i)[^\\pL\\p{Greek}${n}]`)) },
  {
    name: 'letters with cases',
    assertions: [matches(`(?i)${times(900, (n) => String.fromCharCode(0x400 + n)).join('')}`)],
  },
  { name: 'groups in groups', assertions: times(3, () => matches(`${'('.repeat(240)}a${')*'.repeat(240)}`)) },
  { name: 'fifty large patterns (refused)', assertions: times(50, (n) => matches(`(?:\\pL?){115}\\d{${n}}`)) },
  {
    name: 'fifty paths',
    assertions: times(50, () => path(`$[?${'('.repeat(45)}@.a${')'.repeat(45)}${' && @.b'.repeat(50)}]`)),
  },
  {
    name: 'a schema of many parts',
    assertions: [schema({ allOf: times(1_900, () => ({ $ref: '#/allOf/0/$defs/a' })), $defs: {} }), schema({})],
  },
  { name: 'schemas that refer', assertions: times(50, () => schema({ allOf: times(38, () => ({ $ref: '#' })) })) },
  {
    name: 'a schema of nested $ids',
    assertions: [schema(times(9, (n) => n).reduce<object>((inner, n) => ({ $id: `x${n}`, not: inner }), {}))],
  },
];

export const DECODED: readonly { readonly encoding: string; readonly bytes: Uint8Array }[] = [
  { encoding: 'utf-8', bytes: new Uint8Array(MEGABYTE).fill(0xff) },
  { encoding: 'windows-1252', bytes: new Uint8Array(MEGABYTE).map((_, index) => 128 + ((index * 31) % 128)) },
  { encoding: 'gb18030', bytes: new Uint8Array(MEGABYTE).fill(0x81) },
  { encoding: 'euc-jp', bytes: new Uint8Array(MEGABYTE).fill(0xff) },
  { encoding: 'shift_jis', bytes: new Uint8Array(MEGABYTE).fill(0xff) },
];
