/** The first name that only its case tells from one before it: one of the two would be sent, and nobody could say which. */
export function repeatedHeader(headers: Readonly<Record<string, string>>): string | undefined {
  const seen = new Set<string>();
  return Object.keys(headers).find((name) => {
    const known = seen.has(name.toLowerCase());
    seen.add(name.toLowerCase());
    return known;
  });
}
