import type { MonitorStatus } from '../check/status.ts';

/**
 * The shape of each status in a square of 16 units, as SVG path data: one path is filled, one outlined with
 * STATUS_STROKE. The shapes differ without colour. The word beside the shape is the text for screen readers.
 */
export interface StatusShape {
  readonly filled?: string;
  readonly outlined?: string;
  /** Length of dash and gap of a broken outline. */
  readonly dash?: string;
}

export const STATUS_STROKE = 1.5;

const DISC = 'M8 2a6 6 0 1 1 0 12a6 6 0 1 1 0-12z';
const RING = 'M8 2.75a5.25 5.25 0 1 1 0 10.5a5.25 5.25 0 1 1 0-10.5z';

export const STATUS_SHAPES: Readonly<Record<MonitorStatus, StatusShape>> = {
  up: { filled: DISC },
  degraded: { outlined: RING, filled: 'M8 2a6 6 0 0 1 0 12z' },
  down: { filled: 'M3 2h10a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1h-10a1 1 0 0 1-1-1v-10a1 1 0 0 1 1-1z' },
  unknown: { outlined: RING, dash: '2.6 1.52' },
  pending: { outlined: RING },
  paused: { filled: 'M4 3h3v10H4zM9 3h3v10H9z' },
  maintenance: {
    filled:
      'M10.6 1.6a3.9 3.9 0 0 0-3.9 5L1.9 11.4a1.9 1.9 0 0 0 2.7 2.7l4.8-4.8a3.9 3.9 0 0 0 4.9-5l-2.2 2.2-2-.6-.6-2 2.2-2.1a4 4 0 0 0-1.1-.2z',
  },
};
