/** A JSONPath query (RFC 9535). */
export interface JsonPath {
  /** `$`: from the document's root; `@`: from the value that a filter looks at. */
  readonly from: 'root' | 'current';
  readonly segments: readonly Segment[];
}

export interface Segment {
  /** `..`: the selectors apply to the value and to everything inside it. */
  readonly descends: boolean;
  readonly selectors: readonly Selector[];
}

export type Selector =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'wildcard' }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'slice'; readonly start: number | null; readonly end: number | null; readonly step: number }
  | { readonly kind: 'filter'; readonly test: Test };

export type Test =
  | { readonly kind: 'or' | 'and'; readonly parts: readonly Test[] }
  | { readonly kind: 'not'; readonly test: Test }
  | { readonly kind: 'exists'; readonly path: JsonPath }
  | { readonly kind: 'compare'; readonly left: Operand; readonly by: Comparison; readonly right: Operand };

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

export type Operand =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'path'; readonly path: JsonPath }
  | { readonly kind: 'length'; readonly of: Operand }
  | { readonly kind: 'count' | 'value'; readonly path: JsonPath };

/** The path is not in the syntax of RFC 9535, or asks for what is not supported. */
export class JsonPathError extends Error {
  override readonly name = 'JsonPathError';
}

/** Reads a path. Throws `JsonPathError`, whose message completes "the path …". */
export function readJsonPath(text: string): JsonPath {
  return new Reader(text).whole();
}

/** RFC 9535, section 2.1: integers are within the range of I-JSON. */
const INTEGER_MAX = 2 ** 53 - 1;
/** A path has 512 characters at most; deeper nesting than this is no path that anybody reads. */
const DEPTH_MAX = 50;

const BLANK = /[ \t\n\r]*/y;
const INTEGER = /0|-?[1-9][0-9]*/y;
const NUMBER = /(?:-0|0|-?[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const MEMBER_NAME = /[A-Za-z_\u0080-\ud7ff\ue000-\u{10ffff}][A-Za-z0-9_\u0080-\ud7ff\ue000-\u{10ffff}]*/uy;
const FUNCTION_NAME = /[a-z][a-z_0-9]*/y;
const COMPARISON = /==|!=|<=|>=|<|>/y;
const ESCAPED = /\\(?:([bfnrt/\\])|u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|u((?!d[89a-f])[0-9a-f]{4}))/iy;
const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '/': '/', '\\': '\\' };
const KEYWORDS: readonly (readonly [word: string, value: boolean | null])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];
const REGEX_FUNCTIONS: readonly string[] = ['match', 'search'];

class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): JsonPath {
    if (!this.#took('$')) throw this.#broken();
    const path = this.#pathFrom('root');
    if (this.#at < this.#text.length) throw this.#broken();
    return path;
  }

  #pathFrom(from: JsonPath['from']): JsonPath {
    const segments: Segment[] = [];
    for (;;) {
      const before = this.#at;
      this.#skipBlanks();
      const segment = this.#segment();
      if (segment === null) {
        // Blanks are part of the path only before a segment.
        this.#at = before;
        return { from, segments };
      }
      segments.push(segment);
    }
  }

  #segment(): Segment | null {
    if (this.#took('..')) {
      return { descends: true, selectors: this.#sees('[') ? this.#bracketed() : [this.#afterDot()] };
    }
    if (this.#took('.')) return { descends: false, selectors: [this.#afterDot()] };
    return this.#sees('[') ? { descends: false, selectors: this.#bracketed() } : null;
  }

  #afterDot(): Selector {
    if (this.#took('*')) return { kind: 'wildcard' };
    return { kind: 'name', name: this.#need(MEMBER_NAME) };
  }

  #bracketed(): Selector[] {
    this.#expect('[');
    const selectors: Selector[] = [];
    do {
      this.#skipBlanks();
      selectors.push(this.#selector());
      this.#skipBlanks();
    } while (this.#took(','));
    this.#expect(']');
    return selectors;
  }

  #selector(): Selector {
    if (this.#took('*')) return { kind: 'wildcard' };
    if (this.#sees('"') || this.#sees("'")) return { kind: 'name', name: this.#quoted() };
    if (this.#took('?')) {
      this.#skipBlanks();
      return { kind: 'filter', test: this.#nested(() => this.#or()) };
    }
    return this.#indexOrSlice();
  }

  #indexOrSlice(): Selector {
    const start = this.#integer();
    const afterStart = this.#at;
    this.#skipBlanks();
    if (!this.#took(':')) {
      this.#at = afterStart;
      if (start === null) throw this.#broken();
      return { kind: 'index', index: start };
    }
    this.#skipBlanks();
    const end = this.#integer();
    if (end !== null) this.#skipBlanks();
    if (!this.#took(':')) return { kind: 'slice', start, end, step: 1 };
    const afterColon = this.#at;
    this.#skipBlanks();
    const step = this.#integer();
    if (step === null) this.#at = afterColon;
    return { kind: 'slice', start, end, step: step ?? 1 };
  }

  #or(): Test {
    const parts = [this.#and()];
    while (this.#tookAfterBlanks('||')) {
      this.#skipBlanks();
      parts.push(this.#and());
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'or', parts };
  }

  #and(): Test {
    const parts = [this.#basic()];
    while (this.#tookAfterBlanks('&&')) {
      this.#skipBlanks();
      parts.push(this.#basic());
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'and', parts };
  }

  #basic(): Test {
    if (this.#took('!')) {
      this.#skipBlanks();
      return { kind: 'not', test: this.#sees('(') ? this.#parenthesised() : this.#existence() };
    }
    if (this.#sees('(')) return this.#parenthesised();
    const left = this.#operand();
    const by = this.#comparison();
    if (by !== null) {
      this.#skipBlanks();
      return { kind: 'compare', left: this.#comparable(left), by, right: this.#comparable(this.#operand()) };
    }
    return this.#existenceOf(left);
  }

  #parenthesised(): Test {
    this.#expect('(');
    this.#skipBlanks();
    const test = this.#nested(() => this.#or());
    this.#skipBlanks();
    this.#expect(')');
    return test;
  }

  #existence(): Test {
    return this.#existenceOf(this.#operand());
  }

  #existenceOf(operand: Operand): Test {
    // A literal or the value of a function is no test (RFC 9535, section 2.3.5.1).
    if (operand.kind !== 'path') throw this.#broken();
    return { kind: 'exists', path: operand.path };
  }

  #comparison(): Comparison | null {
    const before = this.#at;
    this.#skipBlanks();
    const by = this.#take(COMPARISON);
    if (by === null) this.#at = before;
    return by as Comparison | null;
  }

  /** Only paths that select at most one value are compared. */
  #comparable(operand: Operand): Operand {
    if (operand.kind === 'path' && !isSingular(operand.path)) {
      throw new JsonPathError('compares a path that may select several values');
    }
    return operand;
  }

  #operand(): Operand {
    if (this.#took('@')) return { kind: 'path', path: this.#pathFrom('current') };
    if (this.#took('$')) return { kind: 'path', path: this.#pathFrom('root') };
    if (this.#sees('"') || this.#sees("'")) return { kind: 'literal', value: this.#quoted() };
    const number = this.#take(NUMBER);
    if (number !== null) return { kind: 'literal', value: Number(number) };
    const name = this.#need(FUNCTION_NAME);
    if (this.#took('(')) return this.#nested(() => this.#call(name));
    const keyword = KEYWORDS.find(([word]) => word === name);
    if (keyword === undefined) throw this.#broken();
    return { kind: 'literal', value: keyword[1] };
  }

  #call(name: string): Operand {
    if (REGEX_FUNCTIONS.includes(name)) {
      throw new JsonPathError('match() and search() are not supported; compare by matches');
    }
    this.#skipBlanks();
    const argument = this.#operand();
    this.#skipBlanks();
    this.#expect(')');
    if (name === 'length') return { kind: 'length', of: this.#comparable(argument) };
    if (name !== 'count' && name !== 'value') throw new JsonPathError(`has no function ${name}()`);
    if (argument.kind !== 'path') throw new JsonPathError(`gives ${name}() what is no path`);
    return { kind: name, path: argument.path };
  }

  #quoted(): string {
    const quote = this.#text[this.#at++];
    let read = '';
    for (;;) {
      const next = this.#text[this.#at];
      if (next === undefined || next < ' ' || isLoneSurrogate(this.#text, this.#at)) throw this.#broken();
      if (next === quote) break;
      if (next === '\\') {
        read += this.#escape(quote ?? '');
      } else {
        read += next;
        this.#at++;
      }
    }
    this.#at++;
    return read;
  }

  #escape(quote: string): string {
    if (this.#took(`\\${quote}`)) return quote;
    ESCAPED.lastIndex = this.#at;
    const found = ESCAPED.exec(this.#text);
    if (found === null) throw this.#broken();
    this.#at = ESCAPED.lastIndex;
    const [, letter, high, low, unit] = found;
    // Only `u` may be written in either case, and only by its hexadecimal digits.
    if (letter !== undefined) return ESCAPES[letter] ?? this.#refuse();
    if (!found[0].startsWith('\\u')) throw this.#broken();
    return [high, low, unit]
      .map((hex) => (hex === undefined ? '' : String.fromCharCode(Number.parseInt(hex, 16))))
      .join('');
  }

  #refuse(): never {
    throw this.#broken();
  }

  #integer(): number | null {
    const text = this.#take(INTEGER);
    if (text === null) return null;
    if (Math.abs(Number(text)) > INTEGER_MAX) throw new JsonPathError('has a number beyond 2^53');
    return Number(text);
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > DEPTH_MAX) throw new JsonPathError(`nests more than ${DEPTH_MAX} filters and functions`);
    const value = read();
    this.#depth--;
    return value;
  }

  #tookAfterBlanks(word: string): boolean {
    const before = this.#at;
    this.#skipBlanks();
    if (this.#took(word)) return true;
    this.#at = before;
    return false;
  }

  #sees(word: string): boolean {
    return this.#text.startsWith(word, this.#at);
  }

  #took(word: string): boolean {
    if (!this.#sees(word)) return false;
    this.#at += word.length;
    return true;
  }

  #expect(word: string): void {
    if (!this.#took(word)) throw this.#broken();
  }

  #take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return null;
    this.#at = pattern.lastIndex;
    return found[0];
  }

  #need(pattern: RegExp): string {
    return this.#take(pattern) ?? this.#refuse();
  }

  #skipBlanks(): void {
    this.#take(BLANK);
  }

  #broken(): JsonPathError {
    return new JsonPathError(`is not a JSONPath (RFC 9535): it breaks at character ${this.#at + 1}`);
  }
}

function isSingular({ segments }: JsonPath): boolean {
  return segments.every(
    ({ descends, selectors: [first, ...others] }) =>
      !descends && others.length === 0 && (first?.kind === 'name' || first?.kind === 'index'),
  );
}

function isLoneSurrogate(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  if (unit >= 0xd800 && unit <= 0xdbff) return !isLow(text.charCodeAt(at + 1));
  return isLow(unit) && !isHigh(text.charCodeAt(at - 1));
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
