import { EventEmitter } from 'node:events';
import type { NatsConnection } from '@nats-io/transport-node';
import { type LiveEvent, liveEventSchema } from '#domain/api/live.ts';
import type { LiveBus } from '../context.ts';

export interface LocalLiveBus extends LiveBus {
  /** Emits to the subscribers of this process only: for events that every process receives by itself. */
  readonly emitHere: LiveBus['emit'];
}

/** A bus inside one process. */
export function createLocalLiveBus(): LocalLiveBus {
  const emitter = new EventEmitter<{ event: [organizationId: string, event: LiveEvent] }>();
  // One listener per API server, not per browser. Node's warning at eleven listeners does not apply.
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

/** Subject `live.<organisation>` of core NATS (not stored): every API process receives the events of all processes. */
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
      // Best effort: browsers read everything again after the connection is back.
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
