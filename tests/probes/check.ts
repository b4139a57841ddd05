import { createNodeNetwork, NODE_CLOCK } from '#core/runner/network.ts';
import { WorkBudget } from '#domain/assertion/work-budget.ts';
import type { HttpConfig } from '#domain/check/monitor.ts';
import { httpConfigSchema } from '#domain/check/monitor.ts';
import { type Outcome, outcomeSchema } from '#domain/check/result.ts';
import type { BodyRoom } from '#probes/body-room.ts';
import { probeHttp } from '#probes/http/probe.ts';
import type { Network } from '#probes/network.ts';
import type { Judging, ProbeTask } from '#probes/probe.ts';

/** Long enough for a busy machine; tests of timeouts set their own. */
const TIMEOUT_MS = 5000;

export interface CheckOptions {
  readonly timeoutMs?: number;
  readonly transcript?: boolean;
  readonly network?: Network;
  readonly room?: BodyRoom;
}

/** A network that may reach loopback, where the tests' targets are. */
export const LOCAL_NETWORK = createNodeNetwork({ allowPrivateTargets: true });

/** Judging without a queue: a test makes one check at a time. */
const UNSHARED_JUDGING: Judging = { run: async (judge) => judge(new WorkBudget()) };

const UNSHARED_ROOM: BodyRoom = { take: () => true, give: () => undefined };

/** A probe task as the edge makes it, from a configuration as a user writes it. */
export function httpTask(config: Record<string, unknown>, options: CheckOptions = {}): ProbeTask<HttpConfig> {
  return {
    config: httpConfigSchema.parse(config),
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    location: 'eu-west',
    traceId: '0'.repeat(32),
    transcript: options.transcript ?? false,
    judging: UNSHARED_JUDGING,
    room: options.room ?? UNSHARED_ROOM,
  };
}

/** Makes one check over Node's network, and validates the outcome by its wire schema. */
export async function check(config: Record<string, unknown>, options: CheckOptions = {}): Promise<Outcome> {
  const outcome = await probeHttp(httpTask(config, options), options.network ?? LOCAL_NETWORK, NODE_CLOCK);
  return outcomeSchema.parse(outcome);
}
