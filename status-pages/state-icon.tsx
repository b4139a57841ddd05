import type { MonitorStatus } from '#domain/check/status.ts';

import { STATUS_SHAPES, STATUS_STROKE } from '#domain/page/status-shape.ts';

/** Every status has a word, a shape and a colour. The shapes differ without colour. */
export const STATE_WORDS = {
  up: 'Operational',
  degraded: 'Degraded',
  down: 'Down',
  unknown: 'Unknown',
  pending: 'Not checked yet',
  paused: 'Paused',
  maintenance: 'Maintenance',
} as const satisfies Record<MonitorStatus, string>;

/** The shape, hidden from assistive technology because the word stands beside it. */
export function StateIcon({ status }: { status: MonitorStatus }) {
  const { outlined, dash, filled } = STATUS_SHAPES[status];
  return (
    <svg class={`icon ${status}`} viewBox="0 0 16 16" aria-hidden="true">
      {outlined !== undefined && (
        <path d={outlined} fill="none" stroke="currentColor" stroke-width={STATUS_STROKE} stroke-dasharray={dash} />
      )}
      {filled !== undefined && <path d={filled} fill="currentColor" />}
    </svg>
  );
}

export function StateLabel({ status }: { status: MonitorStatus }) {
  return (
    <span class={`state ${status}`}>
      <StateIcon status={status} />
      {STATE_WORDS[status]}
    </span>
  );
}
