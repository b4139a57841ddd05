import { useQueries } from '@tanstack/react-query';
import { UPTIME_WINDOWS, type Uptime, type UptimeWindow } from '#domain/api/monitor-answers.ts';
import { DAY_MS } from '#domain/base/duration.ts';
import { formatDuration, formatSeconds } from '#domain/base/quantity.ts';
import { uptimeQuery } from '../api/queries.ts';
import { formatPercent } from '../format/measures.ts';
import { formatDate } from '../format/time.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { Moment } from '../ui/moment.tsx';
import { Section } from '../ui/page.tsx';

const WINDOW_WORDS = { '24h': '24 hours', '7d': '7 days', '30d': '30 days', '90d': '90 days' } as const;

/** Uptime over four windows, and one bar per day of the longest. */
export function UptimeSection({ monitorId, createdAt }: { readonly monitorId: string; readonly createdAt: string }) {
  const queries = useQueries({ queries: UPTIME_WINDOWS.map((window) => uptimeQuery(monitorId, window)) });
  const failed = queries.find(({ error }) => error !== null);
  const longest = queries.at(-1)?.data;
  return (
    <Section title="Uptime">
      {failed?.error != null && <ErrorNotice error={failed.error} retry={() => void failed.refetch()} />}
      <dl className="figures">
        {shownWindows(queries.map(({ data }) => data)).map(({ window, uptime }) => (
          <div key={window}>
            <dt>{uptime?.since == null ? WINDOW_WORDS[window] : <Since at={uptime.since} />}</dt>
            <dd title={uptime === undefined ? undefined : timesText(uptime)}>
              {formatPercent(uptime?.uptimePercent ?? null)}
            </dd>
          </div>
        ))}
      </dl>
      {/* A figure that says since when it is says more than the time of creation. */}
      <DayBars days={longest?.days ?? []} createdAt={longest?.since == null ? createdAt : null} />
    </Section>
  );
}

interface ShownWindow {
  readonly window: UptimeWindow;
  /** Absent while it is loading. */
  readonly uptime: Uptime | undefined;
}

/**
 * The windows with a figure of their own. A window that verdicts do not cover is named by its first verdict, and a
 * longer one that begins with the same verdict would say the same again.
 */
export function shownWindows(uptimes: readonly (Uptime | undefined)[]): ShownWindow[] {
  const windows = UPTIME_WINDOWS.map((window, index) => ({ window, uptime: uptimes[index] }));
  return windows.filter(
    ({ uptime }, index) =>
      uptime?.since == null || !windows.slice(0, index).some((one) => one.uptime?.since === uptime.since),
  );
}

function Since({ at }: { readonly at: string }) {
  return (
    <>
      Since <Moment at={at} />
    </>
  );
}

type Day = Uptime['days'][number];

const BAR = 10;
const DAYS_SHOWN = 90;

/** One bar per UTC day, the newest on the right; days without verdicts are faint. */
function DayBars({ days, createdAt }: { readonly days: readonly Day[]; readonly createdAt: string | null }) {
  if (days.length === 0) return <div className="days" />;
  const offset = DAYS_SHOWN - days.length;
  return (
    <div>
      <svg
        className="days"
        viewBox={`0 0 ${DAYS_SHOWN * BAR} 32`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Uptime of the last ${days.length} days: ${days.filter(({ downSeconds }) => downSeconds > 0).length} with downtime`}
      >
        {days.map((day, index) => (
          <rect
            key={day.date}
            x={(offset + index) * BAR + 1}
            y="0"
            width={BAR - 3}
            height="32"
            fill={fillOf(day)}
            opacity={day.uptimePercent === null ? 0.25 : 1}
          >
            <title>{describeDay(day)}</title>
          </rect>
        ))}
      </svg>
      <p className="day-scale">
        <span>90 days ago</span>
        {createdAt !== null && Date.parse(createdAt) > Date.now() - DAYS_SHOWN * DAY_MS && (
          <span>
            watched since <Moment at={createdAt} />
          </span>
        )}
        <span>today, UTC</span>
      </p>
    </div>
  );
}

/** A day below this uptime is drawn as bad, a day above it as impaired. */
const BAD_DAY_PERCENT = 99;

function fillOf({ uptimePercent }: Day): string {
  if (uptimePercent === null) return 'var(--state-unknown)';
  if (uptimePercent === 100) return 'var(--state-up)';
  return uptimePercent < BAD_DAY_PERCENT ? 'var(--state-down)' : 'var(--state-degraded)';
}

/** The day's figures in words: a percentage of the measured time where that is not the whole day. */
export function describeDay({ date, uptimePercent, downSeconds, measuredSeconds }: Day): string {
  if (uptimePercent === null) return `${formatDate(date)}: nothing measured`;
  const down = downSeconds === 0 ? 'no downtime' : `down for ${formatSeconds(downSeconds)}`;
  const part = measuredSeconds === undefined ? '' : ` of ${formatSeconds(measuredSeconds)} measured`;
  return `${formatDate(date)}: ${formatPercent(uptimePercent)}${part}, ${down}`;
}

function timesText({ upSeconds, downSeconds, unknownSeconds }: Uptime): string {
  const [up, down, unknown] = [upSeconds, downSeconds, unknownSeconds].map((seconds) => formatDuration(seconds * 1000));
  return `Up for ${up}, down for ${down}, not known for ${unknown} (left out)`;
}
