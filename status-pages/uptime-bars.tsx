import { raw } from 'hono/html';
import { formatDuration, formatPercent } from '#domain/base/quantity.ts';
import { type ComponentDay, PAGE_DAYS, type PageComponent } from '#domain/page/snapshot.ts';
import { countText, dateRangeText, dateText, recentDates } from './wording.ts';

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
          <b>{uptimeText(component, days)}</b>
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

/** The uptime, with its number of days when that is not the whole window. */
function uptimeText(component: PageComponent, days: readonly Day[]): string {
  if (component.uptimePercent === null) return 'No data yet';
  const measured = days.filter((day) => day.measured !== undefined).length;
  const base = measured < days.length ? ` over ${countText(measured, 'day')}` : '';
  return `${formatPercent(component.uptimePercent)} uptime${base}`;
}

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
  const uptime = formatPercent(measured.uptimePercent);
  return measured.downSeconds === 0 ? uptime : `${uptime}, down for ${formatDuration(measured.downSeconds * 1000)}`;
}

function summary(days: readonly Day[]): string {
  const measured = days.filter((day) => day.measured !== undefined);
  if (measured.length === 0) return `No data in the last ${days.length} days.`;
  const withDowntime = measured.filter((day) => barClass(day) !== 'up').length;
  const gaps = days.length - measured.length;
  return (
    `Last ${days.length} days: downtime on ${withDowntime} of ${measured.length} measured days` +
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
                <td class="number">{formatPercent(to.measured.uptimePercent)}</td>
                <td class="number">
                  {to.measured.downSeconds === 0 ? 'none' : formatDuration(to.measured.downSeconds * 1000)}
                </td>
              </>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
