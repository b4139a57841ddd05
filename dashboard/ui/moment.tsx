import { formatDuration } from '#domain/base/quantity.ts';
import { formatExact, formatMoment } from '../format/time.ts';
import { useNow } from './use-now.ts';

/** A time of day, with the date on another day; the tooltip has seconds and time zone. */
export function Moment({ at, seconds = false }: { readonly at: string; readonly seconds?: boolean }) {
  const now = useNow();
  return (
    <time dateTime={at} title={formatExact(at)} className="nowrap">
      {formatMoment(at, now, seconds)}
    </time>
  );
}

/** The elapsed time, with the exact time in the tooltip. */
export function Ago({ at }: { readonly at: string }) {
  const age = Math.max(0, useNow() - Date.parse(at));
  return (
    <time dateTime={at} title={formatExact(at)} className="nowrap">
      {age < 10_000 ? 'just now' : `${largestUnit(age)} ago`}
    </time>
  );
}

/** 4 min for 4 min 12 s: precise enough for an age. */
function largestUnit(ms: number): string {
  return formatDuration(ms).split(' ').slice(0, 2).join(' ');
}

/** A duration that continues until `until`. */
export function Lasting({ since, until }: { readonly since: string; readonly until?: string | null }) {
  const now = useNow();
  const end = until === undefined || until === null ? now : Date.parse(until);
  return (
    <span className="nowrap" title={`since ${formatExact(since)}`}>
      {formatDuration(end - Date.parse(since))}
    </span>
  );
}
