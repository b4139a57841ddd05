import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { Series } from '#domain/api/monitor-answers.ts';
import { formatDuration } from '#domain/base/quantity.ts';
import type { LocationId } from '#domain/check/location.ts';
import { incidentsQuery, SERIES_RANGES, type SeriesRange, seriesQuery } from '../api/queries.ts';
import { locationName } from '../format/location-name.ts';
import { formatLatency } from '../format/measures.ts';
import { formatMoment, ZONE } from '../format/time.ts';
import { Section } from '../ui/page.tsx';
import { QueryView } from '../ui/query-view.tsx';
import { useNow } from '../ui/use-now.ts';
import { latencyCsv, latencyData, METRICS, type Metric, medianOf, shownRange, stepText } from './latency-data.ts';
import { type IncidentMark, LatencyPlot } from './latency-plot.tsx';

const METRIC_WORDS = {
  p50: 'Median',
  p95: '95th percentile',
  max: 'Slowest',
  avg: 'Average',
  min: 'Fastest',
} as const satisfies Record<Metric, string>;

interface MonitorProps {
  readonly monitorId: string;
  readonly createdAt: string;
}

/** The response-time chart with its range, its legend, and its numbers as table and CSV. */
export function LatencySection({ monitorId, createdAt }: MonitorProps) {
  const [range, setRange] = useState<SeriesRange>('1h');
  const [metric, setMetric] = useState<Metric>('p50');
  const query = useQuery({ ...seriesQuery(monitorId, range), placeholderData: keepPreviousData });
  return (
    <Section
      title="Response time"
      actions={
        <>
          <select
            aria-label="Figure"
            className="compact"
            value={metric}
            onChange={(event) => setMetric(METRICS.find((candidate) => candidate === event.target.value) ?? 'p50')}
          >
            {METRICS.map((candidate) => (
              <option key={candidate} value={candidate}>
                {METRIC_WORDS[candidate]}
              </option>
            ))}
          </select>
          <fieldset className="presets" aria-label="Range">
            {(Object.keys(SERIES_RANGES) as SeriesRange[]).map((candidate) => (
              <button
                key={candidate}
                type="button"
                className="choice"
                aria-pressed={range === candidate}
                onClick={() => setRange(candidate)}
              >
                {candidate}
              </button>
            ))}
          </fieldset>
        </>
      }
    >
      <QueryView query={query} rows={8}>
        {(series) => (
          <Chart monitorId={monitorId} createdAt={createdAt} series={series} metric={metric} range={range} />
        )}
      </QueryView>
    </Section>
  );
}

function Chart(
  props: MonitorProps & { readonly series: Series; readonly metric: Metric; readonly range: SeriesRange },
) {
  const { monitorId, createdAt, series, metric } = props;
  const [hidden, setHidden] = useState<ReadonlySet<LocationId>>(new Set());
  const data = useMemo(() => latencyData(series, metric), [series, metric]);
  const range = useMemo(
    () => shownRange(series.from, series.to, createdAt, data.times[0] ?? Number.POSITIVE_INFINITY),
    [series.from, series.to, createdAt, data.times],
  );
  const incidents = useIncidentMarks(monitorId);

  if (data.times.length === 0) {
    return <p className="quiet">Nothing was measured in this range. Results appear here as they arrive.</p>;
  }
  return (
    <>
      {/* A zoom belongs to its range: another range begins with the whole of it. */}
      <LatencyPlot key={props.range} data={data} hidden={hidden} range={range} incidents={incidents} />
      <fieldset className="legend" aria-label="Locations in the chart">
        {data.lines.map(({ id, values }) => (
          <button
            key={id}
            type="button"
            aria-pressed={!hidden.has(id)}
            title={hidden.has(id) ? 'Show' : 'Hide'}
            onClick={() => setHidden((before) => toggled(before, id))}
          >
            <span className={`swatch swatch-${id}`} />
            {locationName(id)}
            <span className="quiet">{formatLatency(medianOf(values))}</span>
          </button>
        ))}
      </fieldset>
      <Numbers series={series} metric={metric} />
    </>
  );
}

function Numbers({ series, metric }: { readonly series: Series; readonly metric: Metric }) {
  const [open, setOpen] = useState(false);
  const now = useNow();
  return (
    <details className="numbers" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Numbers as a table</summary>
      {open && (
        <>
          <p className="section-head">
            <span className="quiet small-text">
              {METRIC_WORDS[metric]} per {formatDuration(series.stepSeconds * 1000)}, times in {ZONE}
            </span>
            <button type="button" className="button small" onClick={() => downloadCsv(series)}>
              Download CSV
            </button>
          </p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <section className="scroll tall" aria-label="Response times" tabIndex={0}>
            <table aria-label="Response times">
              <thead>
                <tr>
                  <th scope="col">Time</th>
                  {series.locations.map(({ id }) => (
                    <th key={id} scope="col" className="number">
                      {locationName(id)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {rowsOf(series, metric).map(({ time, texts }) => (
                  <tr key={time}>
                    <th scope="row">{formatMoment(new Date(time * 1000).toISOString(), now, true)}</th>
                    {series.locations.map(({ id }, index) => (
                      <td key={id} className="number">
                        {texts[index]}
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </>
      )}
    </details>
  );
}

function useIncidentMarks(monitorId: string): readonly IncidentMark[] {
  const { data } = useInfiniteQuery(incidentsQuery({ monitorId }));
  return useMemo(
    () =>
      (data?.pages ?? []).flatMap((page) =>
        page.data.map(({ id, title, startedAt, resolvedAt }) => ({
          id,
          title,
          from: Date.parse(startedAt) / 1000,
          to: resolvedAt === null ? null : Date.parse(resolvedAt) / 1000,
        })),
      ),
    [data],
  );
}

function rowsOf(series: Series, metric: Metric) {
  const { times, lines } = latencyData(series, metric);
  return times.map((time, index) => ({ time, texts: lines.map((line) => stepText(line, index)) })).reverse();
}

function toggled(before: ReadonlySet<LocationId>, id: LocationId): ReadonlySet<LocationId> {
  const next = new Set(before);
  if (!next.delete(id)) next.add(id);
  return next;
}

function downloadCsv(series: Series): void {
  const url = URL.createObjectURL(new Blob([latencyCsv(series)], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = 'response-times.csv';
  link.click();
  URL.revokeObjectURL(url);
}
