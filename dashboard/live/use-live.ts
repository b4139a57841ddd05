import { notifyManager, type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { LiveEvent } from '#domain/api/live.ts';
import { accountQuery, monitorsQuery, openIncidentsQuery } from '../api/queries.ts';
import { applyEvent } from './apply-event.ts';
import { type ConnectionState, LiveConnection } from './connection.ts';

/** Charts and uptime are computed by the server: refetched this soon after a result, and no more often. */
const FIGURES_DELAY_MS = 1_000;
const FIGURES_REFRESH_MS = 10_000;
/**
 * Refetch interval of the list. The server's uptime figures have this age anyway, and a refetch corrects an answer that
 * arrived after a newer event.
 */
const LIST_REFRESH_MS = 60_000;
/** Refetch interval of everything shown while the stream is disconnected. */
const OFFLINE_REFRESH_MS = 60_000;
/** Events are applied together once per interval: 240 results a second must not cause 240 renderings. */
const BATCH_MS = 100;

export interface Liveness {
  readonly state: ConnectionState;
  /** Start of the disconnection, in ms since 1970; null while connected. */
  readonly awaySinceMs: number | null;
}

/** Connects the caches to the live stream while the component is mounted. */
export function useLive(): Liveness {
  const client = useQueryClient();
  const [live, setLive] = useState<Liveness>(() => ({ state: 'connecting', awaySinceMs: Date.now() }));

  useEffect(() => {
    const batch = new EventBatch(client);
    let slowRefresh: ReturnType<typeof setInterval> | undefined;
    const connection = new LiveConnection({
      onEvent: (event) => batch.add(event),
      onRefused: () => void client.invalidateQueries(accountQuery),
      onState: (next) => {
        setLive(({ awaySinceMs }) => ({
          state: next,
          awaySinceMs: next === 'live' ? null : (awaySinceMs ?? Date.now()),
        }));
        clearInterval(slowRefresh);
        if (next === 'live') {
          // Events during the disconnection are not sent later, so everything is refetched.
          void client.invalidateQueries();
        } else {
          slowRefresh = setInterval(() => void client.invalidateQueries(), OFFLINE_REFRESH_MS);
        }
      },
    });
    return () => {
      connection.close();
      batch.close();
      clearInterval(slowRefresh);
    };
  }, [client]);

  return live;
}

class EventBatch {
  readonly #client: QueryClient;
  #events: LiveEvent[] = [];
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  #figuresTimer: ReturnType<typeof setTimeout> | undefined;
  #figuresReadAt = 0;
  #listReadAt = Date.now();
  readonly #measured = new Set<string>();

  constructor(client: QueryClient) {
    this.#client = client;
  }

  add(event: LiveEvent): void {
    this.#events.push(event);
    this.#flushTimer ??= setTimeout(() => this.#flush(), BATCH_MS);
    if (event.type !== 'result') return;
    this.#measured.add(event.data.monitorId);
    const waitMs = Math.max(FIGURES_DELAY_MS, this.#figuresReadAt + FIGURES_REFRESH_MS - Date.now());
    this.#figuresTimer ??= setTimeout(() => this.#refreshFigures(), waitMs);
  }

  close(): void {
    clearTimeout(this.#flushTimer);
    clearTimeout(this.#figuresTimer);
  }

  #flush(): void {
    this.#flushTimer = undefined;
    const events = this.#events;
    this.#events = [];
    notifyManager.batch(() => {
      for (const event of events) applyEvent(this.#client, event);
    });
  }

  #refreshFigures(): void {
    this.#figuresTimer = undefined;
    this.#figuresReadAt = Date.now();
    for (const id of this.#measured) {
      void this.#client.invalidateQueries({ queryKey: ['series', id] });
      void this.#client.invalidateQueries({ queryKey: ['uptime', id] });
    }
    this.#measured.clear();
    if (this.#figuresReadAt - this.#listReadAt < LIST_REFRESH_MS) return;
    this.#listReadAt = this.#figuresReadAt;
    for (const { queryKey } of [monitorsQuery, openIncidentsQuery, { queryKey: ['monitor'] }]) {
      void this.#client.invalidateQueries({ queryKey });
    }
  }
}
