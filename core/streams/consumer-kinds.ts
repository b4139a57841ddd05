import type { EdgeEvent } from '#domain/wire/wire.ts';
import type { StreamConsumer } from '../context.ts';

/** `unknown` stands for kinds that no version of the core knows. Ingest consumes and parks them. */
export type StreamKind = EdgeEvent['kind'] | 'unknown';

/** The consumers of each kind, the same in both adapters. */
export const CONSUMER_KINDS = {
  ingest: ['check.completed', 'check.missed', 'round.judged', 'monitor.status', 'location.state', 'unknown'],
  incidents: ['alert.triggered'],
} as const satisfies Record<StreamConsumer['name'], readonly StreamKind[]>;

const KINDS: ReadonlySet<string> = new Set(Object.values(CONSUMER_KINDS).flat());

/** The kind of a message that is not validated yet. */
export function kindOf(message: unknown): StreamKind {
  const kind = typeof message === 'object' && message !== null && 'kind' in message ? message.kind : undefined;
  return typeof kind === 'string' && KINDS.has(kind) ? (kind as StreamKind) : 'unknown';
}
