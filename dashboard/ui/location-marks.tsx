import type { Monitor } from '#domain/api/monitor-answers.ts';
import { reasonWords } from '#domain/check/reason-words.ts';
import { locationName } from '../format/location-name.ts';
import { formatLatency } from '../format/measures.ts';
import { STATUS_WORDS, StatusMark } from './status.tsx';

type LocationStatus = Monitor['locations'][number];

/** One mark per location, always in the same order; the tooltip has the location and the reason. */
export function LocationMarks({ locations }: { readonly locations: readonly LocationStatus[] }) {
  return (
    <span className="location-marks">
      {locations.map((location) => (
        <StatusMark key={location.id} status={location.status} label={describe(location)} />
      ))}
    </span>
  );
}

function describe(location: LocationStatus): string {
  const parts = [`${locationName(location.id)}: ${STATUS_WORDS[location.status].toLowerCase()}`];
  if (location.reason !== null) parts.push(reasonWords(location.reason));
  else if (location.responseTimeMs !== null) parts.push(formatLatency(location.responseTimeMs));
  return parts.join(', ');
}
