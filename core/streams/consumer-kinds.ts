import type { EdgeEvent } from '#domain/wire/wire.ts';
import type { StreamConsumer } from '../context.ts';

/** `unknown` is what no version of ours knows: taken by ingest, which parks it. */
export type StreamKind = EdgeEvent['kind'] | 'unknown';

/** Who takes what from the road. Every kind has exactly the consumers named here, in both adapters. */
export const CONSUMER_KINDS = {
  ingest: ['check.completed', 'check.missed', 'round.judged', 'monitor.status', 'location.state', 'unknown'],
  incidents: ['alert.triggered'],
} as const satisfies Record<StreamConsumer['name'], readonly StreamKind[]>;

const KINDS: ReadonlySet<string> = new Set(Object.values(CONSUMER_KINDS).flat());

/** The kind of a message that has not been validated yet. */
export function kindOf(message: unknown): StreamKind {
  const kind = typeof message === 'object' && message !== null && 'kind' in message ? message.kind : undefined;
  return typeof kind === 'string' && KINDS.has(kind) ? (kind as StreamKind) : 'unknown';
}
