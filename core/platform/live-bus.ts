import { EventEmitter } from 'node:events';
import type { NatsConnection } from '@nats-io/transport-node';
import { type LiveEvent, liveEventSchema } from '#domain/api/live.ts';
import type { LiveBus } from '../context.ts';

export interface LocalLiveBus extends LiveBus {
  /** To the subscribers of this process only: for what every process hears about by itself. */
  readonly emitHere: LiveBus['emit'];
}

/** Events of one process go to its own subscribers. */
export function createLocalLiveBus(): LocalLiveBus {
  const emitter = new EventEmitter<{ event: [organizationId: string, event: LiveEvent] }>();
  // One listener per API server, not per browser; still no reason to warn at eleven.
  emitter.setMaxListeners(0);
  const emitHere: LiveBus['emit'] = (organizationId, events) => {
    for (const event of events) emitter.emit('event', organizationId, event);
  };
  return {
    emit: emitHere,
    emitHere,
    subscribe(listener) {
      emitter.on('event', listener);
      return () => emitter.off('event', listener);
    },
  };
}

/** Subject `live.<organisation>` of core NATS (not stored): every API process hears every process. */
export function createNatsLiveBus(connection: NatsConnection): LocalLiveBus {
  const local = createLocalLiveBus();
  connection.subscribe('live.*', {
    callback: (error, message) => {
      if (error) return;
      const event = liveEventSchema.safeParse(parseJson(message.string()));
      if (event.success) local.emit(message.subject.slice('live.'.length), [event.data]);
    },
  });
  return {
    emit(organizationId, events) {
      // Best effort: while the connection is away, browsers refetch when they come back.
      if (connection.isClosed()) return;
      for (const event of events) connection.publish(`live.${organizationId}`, JSON.stringify(event));
    },
    emitHere: local.emitHere,
    subscribe: local.subscribe,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
