import { raw } from 'hono/html';
import { DAY_MS } from '#domain/base/duration.ts';
import { formatPercent, formatSeconds } from '#domain/base/quantity.ts';
import { type ComponentDay, PAGE_DAYS, type PageComponent } from '#domain/page/snapshot.ts';
import { countText, dateRangeText, dateText, instantText, recentDates } from './wording.ts';

/** A day below this uptime is drawn as an outage, a day above it as a partial one (14 min 24 s of a day). */
const OUTAGE_BELOW_PERCENT = 99;

interface Day {
  readonly date: string;
  /** Absent when nothing was judged on that day. */
  readonly measured: ComponentDay | undefined;
}

/** PAGE_DAYS bars ending today, their uptime in words, and the same figures as a table. */
export function UptimeBars({ component, nowMs }: { component: PageComponent; nowMs: number }) {
  const days = calendar(component, nowMs);
  return (
    <>
      <div class="bars" role="img" aria-label={summary(days)}>
        {raw(days.map(bar).join(''))}
      </div>
      <details id={`days-${component.id}`}>
        <summary class="scale">
          <span>
            {PAGE_DAYS} days<span class="wide"> ago</span>
          </span>
          <b>{uptimeText(component, nowMs)}</b>
          <span>
            Today<span class="hidden">: daily figures of {component.name}</span>
          </span>
        </summary>
        <DayTable days={days} />
      </details>
    </>
  );
}

function calendar(component: PageComponent, nowMs: number): readonly Day[] {
  const measured = new Map(component.days.filter((day) => day.uptimePercent !== null).map((day) => [day.date, day]));
  return recentDates(nowMs, PAGE_DAYS)
    .reverse()
    .map((date) => ({ date, measured: measured.get(date) }));
}

/** The uptime, with its beginning when that is not the whole window: the time of day where it is of these days. */
function uptimeText({ uptimePercent, uptimeSince }: PageComponent, nowMs: number): string {
  if (uptimePercent === null) return 'No data yet';
  if (uptimeSince == null) return `${formatPercent(uptimePercent)} uptime`;
  const isRecent = nowMs - Date.parse(uptimeSince) < RECENT_MS;
  return `${formatPercent(uptimePercent)} uptime since ${isRecent ? instantText(uptimeSince) : dateText(uptimeSince)}`;
}

/** A beginning of these last days is told with its time of day, which is a good part of the measured time. */
const RECENT_MS = 3 * DAY_MS;

/**
 * A bar as a string, because a page of 200 components has 18,000 bars. All words are constants, so none needs escaping.
 */
function bar(day: Day): string {
  return `<i class="${barClass(day)}" data-day="${dateText(day.date)}: ${dayText(day)}"></i>`;
}

function barClass({ measured }: Day): 'none' | 'up' | 'degraded' | 'down' {
  if (measured === undefined) return 'none';
  if (measured.downSeconds === 0) return 'up';
  return (measured.uptimePercent ?? 0) < OUTAGE_BELOW_PERCENT ? 'down' : 'degraded';
}

function dayText({ measured }: Day): string {
  if (measured === undefined) return 'no data';
  const uptime = uptimeOf(measured);
  return measured.downSeconds === 0 ? uptime : `${uptime}, down for ${formatSeconds(measured.downSeconds)}`;
}

/** The percentage of a day, with the measured time where that is not the whole day. */
function uptimeOf({ uptimePercent, measuredSeconds }: ComponentDay): string {
  const percent = formatPercent(uptimePercent);
  return measuredSeconds === undefined ? percent : `${percent} of ${formatSeconds(measuredSeconds)} measured`;
}

function summary(days: readonly Day[]): string {
  const measured = days.filter((day) => day.measured !== undefined);
  if (measured.length === 0) return `No data in the last ${days.length} days.`;
  const withDowntime = measured.filter((day) => barClass(day) !== 'up').length;
  const gaps = days.length - measured.length;
  return (
    `Last ${days.length} days: downtime on ${withDowntime} of ${countText(measured.length, 'measured day')}` +
    `${gaps > 0 ? `, no data on ${gaps}` : ''}.`
  );
}

/** Newest first. Adjacent days with equal figures share a row. */
function DayTable({ days }: { days: readonly Day[] }) {
  const rows: { from: Day; to: Day }[] = [];
  for (const day of days) {
    const last = rows.at(-1);
    if (last && dayText(last.to) === dayText(day)) last.to = day;
    else rows.push({ from: day, to: day });
  }
  return (
    <table>
      <caption>Uptime by day (UTC)</caption>
      <thead>
        <tr>
          <th scope="col">Days</th>
          <th scope="col" class="number">
            Uptime
          </th>
          <th scope="col" class="number">
            Downtime
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.reverse().map(({ from, to }) => (
          <tr>
            <th scope="row">{dateRangeText(from.date, to.date)}</th>
            {to.measured === undefined ? (
              <td class="number quiet" colspan={2}>
                no data
              </td>
            ) : (
              <>
                <td class="number">{uptimeOf(to.measured)}</td>
                <td class="number">
                  {to.measured.downSeconds === 0 ? 'none' : formatSeconds(to.measured.downSeconds)}
                </td>
              </>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
