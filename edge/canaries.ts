import { SECOND_MS } from '#domain/base/duration.ts';
import { LOCATION_IDS, type LocationId } from '#domain/check/location.ts';
import { canariesSchema, canarySpec } from '#domain/watch/canary.ts';
import { darkByCanaries, type Evidence } from '#domain/watch/dark-location.ts';
import type { ProbeRequest } from '#domain/wire/wire.ts';
import { askProbes } from './ask-probes.ts';
import { eachOf } from './each-of.ts';
import type { CoordinatorEnv } from './env.ts';
import { log } from './log.ts';

/** Twice this (a failing check is repeated at once) is well inside the minute between two crons. */
const TIMEOUT_MS = 10 * SECOND_MS;

/** True when the operator has set canaries, also when the setting cannot be used: no organization takes their place. */
export function hasCanaries({ CANARY_URLS }: Pick<CoordinatorEnv, 'CANARY_URLS'>): boolean {
  return CANARY_URLS !== undefined && CANARY_URLS !== '';
}

/** Checks the canaries from every location, and tells the shards from which locations they fail. */
export async function checkCanaries(env: CoordinatorEnv, shards: readonly string[]): Promise<void> {
  if (!hasCanaries(env)) return;
  const canaries = canariesSchema.safeParse(env.CANARY_URLS);
  if (!canaries.success) {
    const reason = canaries.error.issues.map(({ message }) => message).join('; ');
    log('error', 'CANARY_URLS cannot be used: no location is dark for everybody', { reason });
    return;
  }
  const dark = await darkNow(env, canaries.data);
  if (dark.length > 0) log('warn', 'the canaries fail from some locations only', { dark });
  await eachOf(shards, 'a shard could not be told of the canaries', (shard) =>
    env.MONITOR_SHARD.getByName(shard).hearCanaries(dark),
  );
}

async function darkNow(env: CoordinatorEnv, urls: readonly string[]): Promise<LocationId[]> {
  const outcomes = urls.map(() => new Map<LocationId, Evidence>());
  await Promise.all(
    LOCATION_IDS.map((location) =>
      askProbes(env, location, urls.map(requestOf), {
        onHead: () => undefined,
        onAnswers: (answers) => {
          for (const { key, outcome } of answers) {
            outcomes[Number(key)]?.set(location, { outcome: outcome.outcome, atMs: Date.now() });
          }
        },
      }),
    ),
  );
  return darkByCanaries(outcomes, Date.now());
}

function requestOf(url: string, index: number): ProbeRequest['checks'][number] {
  const traceId = crypto.randomUUID().replaceAll('-', '');
  return {
    key: String(index),
    timeoutMs: TIMEOUT_MS,
    traceId,
    confirm: true,
    transcript: false,
    spec: JSON.stringify(canarySpec(url)),
  };
}
