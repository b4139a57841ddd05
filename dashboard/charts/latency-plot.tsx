import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { LocationId } from '#domain/check/location.ts';
import { locationName } from '../format/location-name.ts';
import { formatExact, ZONE } from '../format/time.ts';
import { type LatencyData, lonePoints, stepText } from './latency-data.ts';
import { useThemeVersion } from './use-theme-version.ts';

const HEIGHT = 280;
/** Width in pixels of "1.25 s". */
const AXIS_WIDTH = 60;

export interface IncidentMark {
  readonly id: string;
  readonly title: string;
  readonly from: number;
  /** null while the incident is open. */
  readonly to: number | null;
}

interface PlotProps {
  readonly data: LatencyData;
  readonly hidden: ReadonlySet<LocationId>;
  /** The whole requested range in seconds, including time without results. */
  readonly range: readonly [number, number];
  readonly incidents: readonly IncidentMark[];
}

interface Hover {
  readonly index: number;
  readonly left: number;
  readonly flip: boolean;
}

/** The selected part of the time axis in seconds; null while the whole range is shown. */
type Zoom = readonly [number, number] | null;

/**
 * Response time per location over time: gaps are gaps, incidents are marked, hovering shows exact values. A drag zooms
 * into a part of the range, and live updates keep it.
 */
export function LatencyPlot({ data, hidden, range, incidents }: PlotProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const shown = useRef({ range, incidents });
  shown.current = { range, incidents };
  const [hover, setHover] = useState<Hover | null>(null);
  const zoom = useRef<Zoom>(null);
  const [isZoomed, setIsZoomed] = useState(false);
  const zoomTo = useRef((next: Zoom) => {
    zoom.current = next;
    setIsZoomed(next !== null);
  });
  const theme = useThemeVersion();
  const shape = data.lines.map(({ id }) => id).join();
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const options = plotOptions(element, data, shown, setHover, zoomTo.current);
    const made = new uPlot(options, aligned(data), element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, theme]);
  useEffect(() => {
    // The scale would return to the whole range: with new data, with a new location, and with another theme.
    const kept = zoom.current;
    plot.current?.setData(aligned(data), kept === null);
    if (kept !== null) plot.current?.setScale('x', { min: kept[0], max: kept[1] });
    data.lines.forEach(({ id }, index) => {
      plot.current?.setSeries(index + 1, { show: !hidden.has(id) });
    });
  }, [data, hidden, range, incidents, shape, theme]);

  return (
    <div className="chart">
      <div ref={host} aria-hidden="true" />
      {isZoomed && (
        <button
          type="button"
          className="button small chart-reset"
          onClick={() => {
            zoomTo.current(null);
            plot.current?.setData(aligned(data), true);
          }}
        >
          Show the whole range
        </button>
      )}
      {hover !== null && <Tip hover={hover} data={data} hidden={hidden} incidents={incidents} />}
    </div>
  );
}

function Tip(props: {
  readonly hover: Hover;
  readonly data: LatencyData;
  readonly hidden: ReadonlySet<LocationId>;
  readonly incidents: readonly IncidentMark[];
}) {
  const { hover, data, hidden, incidents } = props;
  const time = data.times[hover.index];
  if (time === undefined) return null;
  const during = incidents.filter(({ from, to }) => from <= time && (to === null || time <= to));
  return (
    <div
      className="chart-tip"
      style={{ transform: `translateX(${hover.flip ? `calc(${hover.left - 12}px - 100%)` : `${hover.left + 12}px`})` }}
    >
      <p>{formatExact(new Date(time * 1000).toISOString())}</p>
      <table>
        <tbody>
          {data.lines
            .filter(({ id }) => !hidden.has(id))
            .map((line) => (
              <tr key={line.id}>
                <td>
                  <span className={`swatch swatch-${line.id}`} /> {locationName(line.id)}
                </td>
                <td className="number">{stepText(line, hover.index)}</td>
              </tr>
            ))}
        </tbody>
      </table>
      {during.map(({ id, title }) => (
        <p key={id} className="state-down">
          {title}
        </p>
      ))}
    </div>
  );
}

function plotOptions(
  element: HTMLElement,
  data: LatencyData,
  shown: { readonly current: Pick<PlotProps, 'range' | 'incidents'> },
  setHover: (hover: Hover | null) => void,
  zoomTo: (zoom: Zoom) => void,
): uPlot.Options {
  const colour = resolvedColours(element, [
    'ink-2',
    'line',
    'state-down',
    ...data.lines.map(({ id }) => locationToken(id)),
  ]);
  const font = `12px ${getComputedStyle(element).getPropertyValue('--font')}`;
  const axis = {
    stroke: colour('ink-2'),
    font,
    labelFont: font,
    grid: { stroke: colour('line'), width: 1 },
    ticks: { stroke: colour('line'), width: 1, size: 4 },
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    padding: [8, 24, 0, 0],
    scales: {
      // A drag selects a part of the range and a double click resets it; uPlot calls this in both cases, and with the
      // first and last time of new data.
      x: {
        time: true,
        range: (plot, min, max) => {
          const [first, last] = [plot.data[0][0], plot.data[0].at(-1)];
          // For a single point, which has no width, uPlot would choose a range of a day.
          const whole = min === null || max === null || first === last || (min === first && max === last);
          return whole ? [...shown.current.range] : [min, max];
        },
      },
      y: { range: (_, _min, max) => [0, Math.max(max ?? 0, 1) * 1.08] },
    },
    cursor: {
      bind: {
        dblclick: (_plot, _target, handler) => (event) => {
          zoomTo(null);
          return handler(event);
        },
      },
      y: false,
      points: { size: 7 },
      drag: { x: true, y: false },
    },
    axes: [
      { ...axis, label: `Time, ${ZONE}`, labelSize: 18, size: 30, values: timeLabels, space: 64 },
      {
        ...axis,
        size: AXIS_WIDTH,
        values: (_, ticks) => ticks.map((tick) => axisLatency(tick)),
      },
    ],
    series: [
      {},
      ...data.lines.map(({ id }) => ({
        label: locationName(id),
        stroke: colour(locationToken(id)),
        width: 1.5,
        spanGaps: false,
        points: {
          size: 4,
          fill: colour(locationToken(id)),
          // Without room for a dot at every step, uPlot draws the dots of the indices returned here.
          filter: (plot: uPlot, series: number, isShown: boolean) =>
            isShown ? null : lonePoints([...(plot.data[series] ?? [])]),
        },
      })),
    ],
    hooks: {
      setSelect: [
        (plot) => {
          if (plot.select.width === 0) return;
          const { left, width } = plot.select;
          zoomTo([plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')]);
        },
      ],
      drawClear: [(plot) => drawIncidents(plot, shown.current.incidents, colour('state-down'))],
      setCursor: [
        (plot) => {
          const { idx, left } = plot.cursor;
          if (idx === null || idx === undefined || left === undefined || left < 0) {
            setHover(null);
            return;
          }
          const at = left + AXIS_WIDTH;
          setHover({ index: idx, left: at, flip: at > plot.width / 2 });
        },
      ],
    },
  };
}

function locationToken(id: LocationId): string {
  return `location-${id}`;
}

/** A canvas needs the colours of one theme; the text of a token names those of both. */
function resolvedColours(element: HTMLElement, tokens: readonly string[]): (token: string) => string {
  const probe = element.appendChild(document.createElement('span'));
  const colours = new Map(
    tokens.map((token) => {
      probe.style.color = `var(--${token})`;
      return [token, getComputedStyle(probe).color];
    }),
  );
  probe.remove();
  return (token) => colours.get(token) ?? '';
}

/** A tint over the time of the incident and a solid line at its beginning. */
function drawIncidents(plot: uPlot, incidents: readonly IncidentMark[], colour: string): void {
  const { ctx, bbox } = plot;
  const { min, max } = plot.scales.x ?? {};
  if (min === undefined || max === undefined || min === null || max === null) return;
  ctx.save();
  ctx.fillStyle = colour;
  for (const { from, to } of incidents) {
    if ((to ?? max) < min || from > max) continue;
    const left = plot.valToPos(Math.max(from, min), 'x', true);
    const right = plot.valToPos(Math.min(to ?? max, max), 'x', true);
    ctx.globalAlpha = 0.12;
    ctx.fillRect(left, bbox.top, Math.max(right - left, 2), bbox.height);
    ctx.globalAlpha = 1;
    if (from >= min) ctx.fillRect(left, bbox.top, 2, bbox.height);
  }
  ctx.restore();
}

const DAY_SECONDS = 86_400;
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const clockSeconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

function timeLabels(_: uPlot, ticks: number[], __: number, ___: number, spacing: number): string[] {
  return ticks.map((tick) => {
    const date = new Date(tick * 1000);
    if (spacing >= DAY_SECONDS || (date.getHours() === 0 && date.getMinutes() === 0)) return day.format(date);
    return (spacing < 60 ? clockSeconds : clock).format(date);
  });
}

/** Tick values without superfluous digits. */
function axisLatency(ms: number): string {
  return ms >= 1000 ? `${Number((ms / 1000).toFixed(2))} s` : `${Number(ms.toFixed(1))} ms`;
}

function aligned(data: LatencyData): uPlot.AlignedData {
  return [data.times, ...data.lines.map(({ values }) => values)];
}
