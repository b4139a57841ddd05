import { type LiveEvent, liveEventSchema } from '#domain/api/live.ts';
import { API_BASE } from '../api/send.ts';

export type ConnectionState = 'connecting' | 'live' | 'offline';

/** First pause before a reconnect, doubled up to the maximum, with jitter so that tabs do not reconnect together. */
const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 30_000;

interface Handlers {
  onState(state: ConnectionState): void;
  onEvent(event: LiveEvent): void;
  /** Called when a connection could not be opened: the session may have ended. */
  onRefused(): void;
}

/** The WebSocket of the live stream. Reconnects by itself until it is closed. */
export class LiveConnection {
  readonly #handlers: Handlers;
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #closed = false;

  constructor(handlers: Handlers) {
    this.#handlers = handlers;
    window.addEventListener('online', this.#retryNow);
    this.#open();
  }

  close(): void {
    this.#closed = true;
    window.removeEventListener('online', this.#retryNow);
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #open(): void {
    this.#handlers.onState('connecting');
    const url = new URL(`${API_BASE}/stream`, window.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    this.#socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
    };
    socket.onmessage = (message) => this.#receive(message.data);
    socket.onclose = () => {
      if (this.#closed) return;
      if (!opened) this.#handlers.onRefused();
      this.#handlers.onState('offline');
      this.#timer = setTimeout(() => this.#open(), this.#nextWaitMs());
    };
  }

  #receive(data: unknown): void {
    const parsed = liveEventSchema.safeParse(parse(data));
    // Events of a newer server that this page does not know are ignored.
    if (!parsed.success) return;
    // The server sends `hello` after it has subscribed: no event after it is missed.
    if (parsed.data.type === 'hello') {
      this.#failures = 0;
      this.#handlers.onState('live');
    }
    this.#handlers.onEvent(parsed.data);
  }

  #nextWaitMs(): number {
    const ceiling = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** this.#failures);
    this.#failures += 1;
    return ceiling / 2 + (Math.random() * ceiling) / 2;
  }

  readonly #retryNow = (): void => {
    if (this.#socket?.readyState !== WebSocket.CLOSED) return;
    clearTimeout(this.#timer);
    this.#failures = 0;
    this.#open();
  };
}

function parse(data: unknown): unknown {
  try {
    return JSON.parse(String(data));
  } catch {
    return undefined;
  }
}
