import { parkMessages } from '#db/sql/park-messages.ts';
import { storable } from '#domain/base/short-text.ts';
import type { CoreContext, StreamConsumer } from '../context.ts';
import { onceAMinute } from './once-a-minute.ts';

/**
 * Bytes of unsigned messages that one process stores. A hundred thousand results fit: the unsigned messages of an older
 * version in the stream are not lost, and a flood of garbage does not fill the database.
 */
const KEPT_BYTES_MAX = 64 * 1024 * 1024;
/** The budget is restored over a day, so that a flood does not disable storing for the life of the process. */
const RESTORED_WITHIN_MS = 24 * 60 * 60_000;
/** Bytes of a row besides its payload: columns, indexes, page headers. */
const ROW_BYTES = 256;

/** A message that is not handled as events, with the reason in words. */
export interface Refused {
  readonly subject: string;
  readonly reason: string;
  readonly body: string;
}

/**
 * Stores refused messages as dead letters, once each, within the budget; beyond it they are only counted. An attacker
 * who may publish on a subject can exhaust the budget, and nothing more.
 */
export class Refusals {
  readonly #ctx: Pick<CoreContext, 'db' | 'logger' | 'metrics'>;
  readonly #bytesMax: number;
  readonly #mayLog = onceAMinute();
  #bytesLeft: number;
  #restoredAtMs = performance.now();
  #sinceLastLine = 0;

  constructor(ctx: Pick<CoreContext, 'db' | 'logger' | 'metrics'>, bytesMax: number = KEPT_BYTES_MAX) {
    this.#ctx = ctx;
    this.#bytesMax = bytesMax;
    this.#bytesLeft = bytesMax;
  }

  /** Rejects when the database fails; the messages are then redelivered. */
  async park(consumer: StreamConsumer['name'], refused: readonly Refused[]): Promise<void> {
    if (refused.length === 0) return;
    this.#restore();
    const affordable = this.#affordable(refused);
    const rows = affordable.map(({ subject, reason, body }) => ({
      subject: storable(subject),
      consumer,
      reason,
      payload: storable(body),
    }));
    await parkMessages(this.#ctx.db, rows);
    this.#bytesLeft -= affordable.reduce((sum, one) => sum + costOf(one), 0);
    this.#tell(consumer, refused, affordable.length);
  }

  /** The first messages that fit the budget. */
  #affordable(refused: readonly Refused[]): readonly Refused[] {
    let left = this.#bytesLeft;
    const end = refused.findIndex((one) => {
      left -= costOf(one);
      return left < 0;
    });
    return end === -1 ? refused : refused.slice(0, end);
  }

  #restore(): void {
    const nowMs = performance.now();
    const restored = ((nowMs - this.#restoredAtMs) / RESTORED_WITHIN_MS) * this.#bytesMax;
    this.#bytesLeft = Math.min(this.#bytesMax, this.#bytesLeft + restored);
    this.#restoredAtMs = nowMs;
  }

  #tell(consumer: StreamConsumer['name'], refused: readonly Refused[], kept: number): void {
    const { metrics, logger } = this.#ctx;
    for (const { reason } of refused) metrics.increment('refused_messages_total', { consumer, reason });
    if (kept > 0) metrics.increment('parked_messages_total', { consumer }, kept);
    this.#sinceLastLine += refused.length;
    if (!this.#mayLog()) return;
    const { subject, reason } = refused[0] ?? {};
    logger.error({ refused: this.#sinceLastLine, kept, subject, reason }, 'messages of the stream were refused');
    this.#sinceLastLine = 0;
  }
}

function costOf({ subject, body }: Refused): number {
  return ROW_BYTES + Buffer.byteLength(subject) + Buffer.byteLength(body);
}
