import type { ComponentStatus } from '#domain/snapshot.ts';

/** Every state has a word, a shape and a colour; the shape alone tells them apart. */
export const STATE_WORDS = {
  up: 'Operational',
  degraded: 'Degraded',
  down: 'Down',
  unknown: 'Unknown',
  pending: 'Not checked yet',
  paused: 'Paused',
  maintenance: 'Maintenance',
} as const satisfies Record<ComponentStatus, string>;

const SHAPES = {
  up: <circle cx="8" cy="8" r="6" fill="currentColor" />,
  degraded: (
    <>
      <circle cx="8" cy="8" r="5.25" fill="none" stroke="currentColor" stroke-width="1.5" />
      <path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor" />
    </>
  ),
  down: <rect x="2" y="2" width="12" height="12" rx="1" fill="currentColor" />,
  unknown: (
    <circle cx="8" cy="8" r="5.25" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2.6 1.52" />
  ),
  pending: <circle cx="8" cy="8" r="5.25" fill="none" stroke="currentColor" stroke-width="1.5" />,
  paused: <path d="M4 3h3v10H4zM9 3h3v10H9z" fill="currentColor" />,
  maintenance: (
    <path
      d="M10.6 1.6a3.9 3.9 0 0 0-3.9 5L1.9 11.4a1.9 1.9 0 0 0 2.7 2.7l4.8-4.8a3.9 3.9 0 0 0 4.9-5l-2.2 2.2-2-.6-.6-2 2.2-2.1a4 4 0 0 0-1.1-.2z"
      fill="currentColor"
    />
  ),
} as const satisfies Record<ComponentStatus, unknown>;

/** The shape by itself; the word stands beside it, so it is hidden from assistive technology. */
export function StateIcon({ status }: { status: ComponentStatus }) {
  return (
    <svg class={`icon ${status}`} viewBox="0 0 16 16" aria-hidden="true">
      {SHAPES[status]}
    </svg>
  );
}

export function StateLabel({ status }: { status: ComponentStatus }) {
  return (
    <span class={`state ${status}`}>
      <StateIcon status={status} />
      {STATE_WORDS[status]}
    </span>
  );
}
