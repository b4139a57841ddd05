/** RFC 9110: a field name is a token; a field value is one line, here of Latin-1 text, since that is all bytes carry. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
const ASCII_VALUE = /^[\t\x20-\x7e]*$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

export function isHeaderName(text: string): boolean {
  return NAME.test(text);
}

export function isHeaderValue(text: string): boolean {
  return VALUE.test(text);
}

/** What also goes through where a runtime sends text in UTF-8. */
export function isAsciiHeaderValue(text: string): boolean {
  return ASCII_VALUE.test(text);
}
