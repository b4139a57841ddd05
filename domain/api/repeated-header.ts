/**
 * The first header name that equals an earlier one except for case. HTTP would send only one of the two, and which one
 * is not defined.
 */
export function repeatedHeader(headers: Readonly<Record<string, string>>): string | undefined {
  const seen = new Set<string>();
  return Object.keys(headers).find((name) => {
    const known = seen.has(name.toLowerCase());
    seen.add(name.toLowerCase());
    return known;
  });
}
