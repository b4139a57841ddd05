import type { Monitor } from '#domain/api/monitor-answers.ts';
import { locationName } from '../format/location-name.ts';
import { formatLatency } from '../format/measures.ts';

const WIDTH = 152;
const INSET = 5;
/** One scale for all rows, so that rows can be compared: four decades, 1 ms to 10 s. */
const DECADE_MIN = 0;
const DECADES = 4;

/** Each location's latest response time on the common scale. */
export function LatencyStrip({ locations }: { readonly locations: Monitor['locations'] }) {
  if (locations.length === 0) return null;
  const answers = locations.flatMap(({ id, responseTimeMs, status }) =>
    responseTimeMs === null || status !== 'up' ? [] : [{ id, responseTimeMs }],
  );
  const text = answers
    .map(({ id, responseTimeMs }) => `${locationName(id)} ${formatLatency(responseTimeMs)}`)
    .join(', ');
  return (
    <svg className="strip" viewBox={`0 0 ${WIDTH} 24`} role="img" aria-label={text === '' ? 'No answer' : text}>
      {text !== '' && <title>{text}</title>}
      <line x1={INSET} x2={WIDTH - INSET} y1="12" y2="12" />
      {[1, 10, 100, 1000, 10_000].map((ms) => (
        <line key={ms} x1={position(ms)} x2={position(ms)} y1="9" y2="15" />
      ))}
      {answers.map(({ id, responseTimeMs }) => (
        <rect
          key={id}
          x={position(responseTimeMs) - 1.5}
          y="6"
          width="3"
          height="12"
          rx="1"
          fill={`var(--location-${id})`}
        />
      ))}
    </svg>
  );
}

function position(ms: number): number {
  const share = (Math.log10(Math.max(ms, 1)) - DECADE_MIN) / DECADES;
  return INSET + Math.min(1, Math.max(0, share)) * (WIDTH - 2 * INSET);
}
