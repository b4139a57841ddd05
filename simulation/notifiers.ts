import type { CoreContext } from '#core/context.ts';
import { deliver } from '#core/notify/deliver.ts';
import { type LeasedNotification, leaseNotifications } from '#core/notify/outbox.ts';
import { Breakdowns, Suspension } from './faults.ts';
import type { Random } from './random.ts';
import type { MoodyReceiver } from './receiver.ts';

/** What happens to a notifier during one attempt, with weights. */
const NOTIFIER_FATES = {
  lives: 14,
  'dies before sending': 1,
  'dies before marking': 2,
  'dies after marking': 1,
  'is suspended': 2,
} as const;
const NEVER = new Promise<void>(() => undefined);

/** An attempt that has not ended. */
interface UnderWay {
  readonly id: string;
  readonly suspension: Suspension;
  readonly ended: Promise<void>;
}

/** Notifier processes that may die or be suspended in each attempt. */
export class MortalNotifiers {
  /** How many notifiers died or were suspended between sending and marking, by notification. */
  readonly deaths = new Map<string, number>();
  readonly #ctx: CoreContext;
  readonly #receiver: MoodyReceiver;
  readonly #random: Random;
  readonly #hanging = new Map<string, UnderWay>();
  readonly #suspended = new Set<UnderWay>();

  constructor(ctx: CoreContext, receiver: MoodyReceiver, random: Random) {
    this.#ctx = ctx;
    this.#receiver = receiver;
    this.#random = random;
  }

  /** One or two notifiers send all notifications that are due. */
  async turn(): Promise<void> {
    const turns = Array.from({ length: this.#random.int(1, 2) }, async () => {
      for (;;) {
        const leased = await leaseNotifications(this.#ctx.sql, this.#random.int(1, 4));
        if (leased.length === 0) return;
        await Promise.all(leased.map((notification) => this.#attempt(notification)));
      }
    });
    await Promise.all(turns);
  }

  /** Makes one attempt with a drawn fate. Resolves when the attempt has ended, hangs at the receiver, or is suspended. */
  async #attempt(notification: LeasedNotification): Promise<void> {
    const { id } = notification;
    const died = this.deaths.get(id) ?? 0;
    const fate = this.#random.fork(`${id} ${notification.attempts} ${died}`).weighted(NOTIFIER_FATES);
    if (fate === 'dies before sending') return;
    const breakdowns = new Breakdowns();
    const suspension = new Suspension();
    if (fate === 'dies before marking') breakdowns.arm('before', 1);
    if (fate === 'dies after marking') breakdowns.arm('after', 1);
    if (fate === 'dies before marking' || fate === 'is suspended') this.deaths.set(id, died + 1);
    const attempt = deliver((fate === 'is suspended' ? suspension : breakdowns).upon(this.#ctx), notification);
    const ended = attempt.catch((error: Error) => {
      if (!fate.startsWith('dies')) throw error;
    });
    await this.#follow({ id, suspension, ended }, this.#receiver.hangs(id));
  }

  /** Waits until the attempt has ended, hangs, or is suspended. */
  async #follow(attempt: UnderWay, hangs: Promise<void>): Promise<void> {
    const { id, suspension, ended } = attempt;
    await Promise.race([
      ended,
      hangs.then(() => this.#hanging.set(id, attempt)),
      suspension.reached.then(() => this.#suspended.add(attempt)),
    ]);
  }

  /** Ends attempts that hang, and resumes suspended notifiers, most of them after their lease has ended. */
  async moveOn(calm: boolean): Promise<void> {
    for (const id of this.#receiver.release()) {
      const attempt = this.#hanging.get(id);
      if (attempt !== undefined) await this.#follow(attempt, NEVER);
    }
    if (!calm && !this.#random.chance(0.3)) return;
    for (const { suspension, ended } of this.#suspended) {
      suspension.thaw();
      await ended;
    }
    this.#suspended.clear();
  }
}
