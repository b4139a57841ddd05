import type { MonitorStatus } from '#domain/check/status.ts';
import { STATUS_SHAPES, STATUS_STROKE } from '#domain/page/status-shape.ts';

/** Each status has a word, a shape and a colour. The shapes differ without colour. */
export const STATUS_WORDS = {
  pending: 'Pending',
  up: 'Up',
  degraded: 'Degraded',
  down: 'Down',
  unknown: 'Unknown',
  paused: 'Paused',
  maintenance: 'Maintenance',
} as const satisfies Record<MonitorStatus, string>;

/** The shape alone; it needs a `label` where no word stands beside it. */
export function StatusMark({ status, label }: { readonly status: MonitorStatus; readonly label?: string }) {
  const { outlined, dash, filled } = STATUS_SHAPES[status];
  return (
    <span className={`mark state-${status}`} title={label}>
      <svg
        viewBox="0 0 16 16"
        role={label === undefined ? undefined : 'img'}
        aria-label={label}
        aria-hidden={label === undefined ? true : undefined}
      >
        {outlined !== undefined && (
          <path d={outlined} fill="none" stroke="currentColor" strokeWidth={STATUS_STROKE} strokeDasharray={dash} />
        )}
        {filled !== undefined && <path d={filled} fill="currentColor" />}
      </svg>
    </span>
  );
}

/** Shape, colour and word. */
export function Status({ status }: { readonly status: MonitorStatus }) {
  return (
    <span className={`status state-${status}`}>
      <StatusMark status={status} />
      {STATUS_WORDS[status]}
    </span>
  );
}
