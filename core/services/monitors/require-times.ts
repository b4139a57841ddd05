import { invalid, malformed } from '../validated.ts';

/** The year 0 exists in ISO 8601 and not in PostgreSQL. */
const FIRST_MS = Date.parse('0001-01-01T00:00:00Z');

/** Refuses an invalid range of time and names the wrong end. */
export function requireTimes(query: { readonly from?: string | undefined; readonly to?: string | undefined }): void {
  for (const path of ['from', 'to'] as const) {
    const given = query[path];
    if (given === undefined || Date.parse(given) >= FIRST_MS) continue;
    throw malformed(path, 'must be in the year 1 or later');
  }
  const { from, to } = query;
  if (from !== undefined && to !== undefined && Date.parse(from) > Date.parse(to)) {
    throw invalid('from', 'must not be after to');
  }
}
