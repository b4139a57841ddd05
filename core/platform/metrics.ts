import type { Metrics } from '../context.ts';

/** Histogram buckets in seconds, from a fast statement (1 ms) to the longest check (30 s). */
const BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Most label sets of one metric. A label with unbounded values is a bug and must not exhaust memory. */
const SERIES_MAX = 500;
const PREFIX = 'blacktide_';

type Kind = 'counter' | 'gauge' | 'histogram';

interface Series {
  value: number;
  count: number;
  buckets: number[];
}

interface Metric {
  readonly kind: Kind;
  readonly series: Map<string, Series>;
}

/** Counters, gauges and histograms of one process. */
export function createMetrics(): Metrics {
  const metrics = new Map<string, Metric>();

  function seriesOf(name: string, kind: Kind, labels: Record<string, string> = {}): Series | undefined {
    const metric = metrics.get(name) ?? { kind, series: new Map<string, Series>() };
    metrics.set(name, metric);
    const key = Object.entries(labels)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([label, value]) => `${label}="${escapeLabel(value)}"`)
      .join(',');
    const known = metric.series.get(key);
    if (known !== undefined || metric.series.size >= SERIES_MAX) return known;
    const fresh: Series = { value: 0, count: 0, buckets: BUCKETS.map(() => 0) };
    metric.series.set(key, fresh);
    return fresh;
  }

  return {
    increment(name, labels, by = 1) {
      const series = seriesOf(name, 'counter', labels);
      if (series) series.value += by;
    },
    gauge(name, value, labels) {
      const series = seriesOf(name, 'gauge', labels);
      if (series) series.value = value;
    },
    observe(name, seconds, labels) {
      const series = seriesOf(name, 'histogram', labels);
      if (!series) return;
      series.value += seconds;
      series.count += 1;
      series.buckets = series.buckets.map((count, index) => count + (seconds <= (BUCKETS[index] ?? 0) ? 1 : 0));
    },
    render() {
      return [...metrics]
        .flatMap(([name, metric]) => renderMetric(`${PREFIX}${name}`, metric))
        .join('\n')
        .concat('\n');
    },
  };
}

function renderMetric(name: string, metric: Metric): string[] {
  const lines = [`# TYPE ${name} ${metric.kind}`];
  for (const [labels, series] of metric.series) {
    if (metric.kind !== 'histogram') {
      lines.push(`${name}${labels === '' ? '' : `{${labels}}`} ${series.value}`);
      continue;
    }
    const prefix = labels === '' ? '' : `${labels},`;
    for (const [index, bound] of BUCKETS.entries()) {
      lines.push(`${name}_bucket{${prefix}le="${bound}"} ${series.buckets[index] ?? 0}`);
    }
    lines.push(`${name}_bucket{${prefix}le="+Inf"} ${series.count}`);
    lines.push(`${name}_sum${labels === '' ? '' : `{${labels}}`} ${series.value}`);
    lines.push(`${name}_count${labels === '' ? '' : `{${labels}}`} ${series.count}`);
  }
  return lines;
}

/** Prometheus text exposition format 0.0.4. */
function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
