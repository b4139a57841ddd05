import { JUDGED } from './assertion-inputs.ts';

/** Kinds of attacks. `receivers` has cheap monitors that are down, so that only their dead webhook receivers matter. */
export const ATTACKS = ['assertions', 'bombs', 'redirects', 'drips', 'receivers'] as const;
export type Attack = (typeof ATTACKS)[number];

/** Monitors of the hostile organisation. */
const MONITORS = 50;
/** The largest body that a monitor may read, the longest timeout and the most redirects (domain/check/monitor.ts). */
const BODY_BYTES_MAX = 10 * 1024 * 1024;
const TIMEOUT_MS_MAX = 30_000;
const REDIRECTS_MAX = 20;
/** Monitors of all kinds together that do not have expensive assertions, so that each kind has several. */
const OTHERS_MIN = 12;

export interface HostileMonitor {
  readonly attack: Attack;
  readonly name: string;
  /** A path of hostile-target-server.ts. */
  readonly path: string;
  readonly timeoutMs: number;
  readonly config: object;
}

const HEAVIEST = { timeoutMs: TIMEOUT_MS_MAX, config: { bodyBytesMax: BODY_BYTES_MAX } };
const READ_BODY = { bodyBytesMax: BODY_BYTES_MAX, assertions: [{ source: 'body', compare: 'exists' }] };

const EXPENSIVE = JUDGED.map(
  ({ name, assertions }, index): HostileMonitor => ({
    attack: 'assertions',
    name,
    path: `/answer/${index}`,
    timeoutMs: TIMEOUT_MS_MAX,
    config: { bodyBytesMax: BODY_BYTES_MAX, assertions },
  }),
);

const OTHERS: readonly HostileMonitor[] = [
  { ...HEAVIEST, attack: 'bombs', name: 'gzip bomb', path: '/bomb/gzip', config: READ_BODY },
  { ...HEAVIEST, attack: 'redirects', name: 'redirects', path: '/redirect/1', config: { maxRedirects: REDIRECTS_MAX } },
  { ...HEAVIEST, attack: 'drips', name: 'slow body', path: '/drip/body' },
  { ...HEAVIEST, attack: 'bombs', name: 'gzip bomb in gzip', path: '/bomb/gzip,gzip', config: READ_BODY },
  { ...HEAVIEST, attack: 'drips', name: 'slow head', path: '/drip/head' },
];

const DOWN: HostileMonitor = { ...HEAVIEST, attack: 'receivers', name: 'down', path: '/down' };

/** Fifty monitors: of one kind of attack, or most with expensive assertions and the others of the remaining kinds. */
export function hostileMonitors(attack: Attack | 'all'): HostileMonitor[] {
  if (attack === 'all') {
    const expensive = EXPENSIVE.slice(0, MONITORS - OTHERS_MIN);
    return [...expensive, ...repeated(OTHERS, MONITORS - expensive.length)];
  }
  return repeated(
    [...EXPENSIVE, ...OTHERS, DOWN].filter((monitor) => monitor.attack === attack),
    MONITORS,
  );
}

function repeated(monitors: readonly HostileMonitor[], count: number): HostileMonitor[] {
  return Array.from({ length: count }, (_, index) => {
    const monitor = monitors[index % monitors.length] as HostileMonitor;
    return { ...monitor, name: `${monitor.name} ${index + 1}` };
  });
}
