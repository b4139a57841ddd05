/** A number, or one of the three words of JSON (RFC 8259). */
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const ESCAPED = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y;
const SPACE = /[ \t\n\r]*/y;

/**
 * Describes where a text stops being JSON: `line 1, column 9: unexpected "}"`. JSON.parse gives the position of some
 * faults only, and quotes the text around the others. The text's nesting must be bounded, because this parser is
 * recursive.
 */
export function jsonFault(text: string): string {
  const at = faultOf(text);
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const column = at - before.lastIndexOf('\n');
  const character = text.codePointAt(at);
  const found =
    character === undefined ? 'unexpected end' : `unexpected ${JSON.stringify(String.fromCodePoint(character))}`;
  return `line ${line}, column ${column}: ${found}`;
}

/** Offset of the first character that is not valid JSON. */
function faultOf(text: string): number {
  let at = 0;

  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const matched = pattern.test(text);
    if (matched) at = pattern.lastIndex;
    return matched;
  };
  const take = (character: string): boolean => {
    const taken = text[at] === character;
    if (taken) at++;
    return taken;
  };
  // Each parser returns false at a fault and leaves `at` there.
  const string = (): boolean => {
    if (!take('"')) return false;
    for (; at < text.length; at++) {
      if (take('"')) return true;
      if (text.charCodeAt(at) < 0x20) return false;
      if (!take('\\')) continue;
      if (!skip(ESCAPED)) return false;
      at--;
    }
    return false;
  };
  const member = (): boolean => skip(SPACE) && string() && skip(SPACE) && take(':') && value();
  const list = (end: string, item: () => boolean): boolean => {
    at++;
    skip(SPACE);
    if (take(end)) return true;
    while (item()) {
      skip(SPACE);
      if (take(end)) return true;
      if (!take(',')) return false;
    }
    return false;
  };
  const value = (): boolean => {
    skip(SPACE);
    if (text[at] === '{') return list('}', member);
    if (text[at] === '[') return list(']', value);
    return text[at] === '"' ? string() : skip(SCALAR);
  };

  if (value()) skip(SPACE);
  return at;
}
