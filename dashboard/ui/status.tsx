import type { ReactNode } from 'react';
import type { MonitorStatus } from '#domain/monitor.ts';

/** Each state has a word, a shape and a colour; the shape alone tells them apart. */
const SHAPES = {
  up: <circle cx="7" cy="7" r="5.5" fill="currentColor" />,
  degraded: (
    <>
      <circle cx="7" cy="7" r="5" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M7 2a5 5 0 0 1 0 10z" fill="currentColor" />
    </>
  ),
  down: <rect x="1.5" y="1.5" width="11" height="11" rx="1" fill="currentColor" />,
  unknown: (
    <circle cx="7" cy="7" r="5" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray="2.2 1.73" />
  ),
  pending: <circle cx="7" cy="7" r="4.75" fill="none" stroke="currentColor" strokeWidth="1.25" />,
  paused: <path d="M3.5 2h2.5v10H3.5zM8 2h2.5v10H8z" fill="currentColor" />,
  maintenance: (
    <path
      d="M12.2 4.2 10 6.4 7.9 5.9 7.4 3.8l2.2-2.2a3.6 3.6 0 0 0-4.5 4.6L1.3 10a1.7 1.7 0 0 0 2.5 2.5l3.8-3.8a3.6 3.6 0 0 0 4.6-4.5z"
      fill="currentColor"
    />
  ),
} as const satisfies Record<MonitorStatus, ReactNode>;

export const STATUS_WORDS = {
  pending: 'Pending',
  up: 'Up',
  degraded: 'Degraded',
  down: 'Down',
  unknown: 'Unknown',
  paused: 'Paused',
  maintenance: 'Maintenance',
} as const satisfies Record<MonitorStatus, string>;

/** The shape alone; give a `label` where no word stands beside it. */
export function StatusMark({ status, label }: { readonly status: MonitorStatus; readonly label?: string }) {
  return (
    <span className={`mark state-${status}`} title={label}>
      <svg
        viewBox="0 0 14 14"
        role={label === undefined ? undefined : 'img'}
        aria-label={label}
        aria-hidden={label === undefined ? true : undefined}
      >
        {SHAPES[status]}
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
