/**
 * RFC 9110: a field name is a token. A field value is one line, here of Latin-1 text, because one byte encodes one
 * character.
 */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
const ASCII_VALUE = /^[\t\x20-\x7e]*$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

export function isHeaderName(text: string): boolean {
  return NAME.test(text);
}

export function isHeaderValue(text: string): boolean {
  return VALUE.test(text);
}

/** Whether the value is ASCII: such a value is the same in runtimes that send header text as UTF-8. */
export function isAsciiHeaderValue(text: string): boolean {
  return ASCII_VALUE.test(text);
}
