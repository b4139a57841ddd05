import { parkMessages } from '#db/sql/park-messages.ts';
import { storable } from '#domain/base/short-text.ts';
import type { CoreContext, StreamConsumer } from '../context.ts';
import { onceAMinute } from './once-a-minute.ts';

/**
 * What one process keeps of messages that nobody has signed. A hundred thousand results fit, so nothing is lost of
 * what the version before left in the stream unsigned; and a flood of garbage does not fill the database.
 */
const KEPT_BYTES_MAX = 64 * 1024 * 1024;
/** Given back over a day, so that the first hour of a flood does not blind us for the life of the process. */
const RESTORED_WITHIN_MS = 24 * 60 * 60_000;
/** What a row takes beside its payload: columns, indexes, page headers. */
const ROW_BYTES = 256;

/** A message that is never handled as events, with the reason in words. */
export interface Refused {
  readonly subject: string;
  readonly reason: string;
  readonly body: string;
}

/**
 * Refused messages stand in the dead letters, once each, as far as the budget goes; beyond it they are counted only.
 * Who may publish on a subject can fill the budget, and nothing more.
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

  /** Rejects when the database does not take them: they are to be brought again. */
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

  /** The first ones, as many as the budget allows. */
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
