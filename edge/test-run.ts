import type { LocationId } from '#domain/check/location.ts';
import { checkSpecOf } from '#domain/check/monitor.ts';
import type { ProbeAnswer, TestAnswer, TestRequest } from '#domain/wire/wire.ts';
import { askProbes } from './ask-probes.ts';
import type { CoordinatorEnv } from './env.ts';

/** Runs an unsaved check once at each location, with its story for people. */
export async function testRun(env: CoordinatorEnv, request: TestRequest): Promise<TestAnswer> {
  return { outcomes: await Promise.all(request.locations.map((location) => testAt(env, location, request))) };
}

async function testAt(
  env: CoordinatorEnv,
  location: LocationId,
  request: TestRequest,
): Promise<TestAnswer['outcomes'][number]> {
  const traceId = crypto.randomUUID().replaceAll('-', '');
  const { timeoutMs, organization } = request;
  const check = {
    key: location,
    timeoutMs,
    traceId,
    confirm: false,
    transcript: true,
    organization,
    spec: JSON.stringify(checkSpecOf(request)),
  };
  const answers: ProbeAnswer[] = [];
  const onAnswers = (arrived: readonly ProbeAnswer[]) => answers.push(...arrived);
  const [unanswered] = await askProbes(env, location, [check], { onHead: () => undefined, onAnswers });
  const [answer] = answers;
  if (answer !== undefined) return { ...answer.outcome, location, colo: answer.colo };
  return {
    outcome: 'error',
    reason: unanswered?.reason ?? 'probe_error',
    detail: unanswered?.detail ?? 'the probe ended without an answer',
    responseTimeMs: null,
    location,
    colo: null,
  };
}
