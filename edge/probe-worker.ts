import type { LocationId } from '#domain/check/location.ts';
import type { CheckSpec } from '#domain/check/monitor.ts';
import { type ProbeAnswer, type ProbeRequest, probeRequestSchema } from '#domain/wire/wire.ts';
import { type Confirmed, probeWithConfirmation } from '#probes/confirm.ts';
import { probeOf } from '#probes/table.ts';
import type { ProbeEnv } from './env.ts';
import { log, reasonOf } from './log.ts';
import { workersClock, workersNetwork } from './network.ts';
import { invalidAnswer, problemAnswer } from './problem-answer.ts';
import { Slots } from './slots.ts';

type Check = ProbeRequest['checks'][number];

/** The regional probe Worker: makes up to six checks and answers a line for each as soon as it is known. */
async function answerProbe(request: Request, env: ProbeEnv): Promise<Response> {
  if (request.method !== 'POST' || new URL(request.url).pathname !== '/probe') return problemAnswer('not_found');
  const parsed = probeRequestSchema.safeParse(await request.json());
  if (!parsed.success) return invalidAnswer(parsed.error);
  const colo = coloOf(request);
  const slots = new Slots();
  const encoder = new TextEncoder();
  // The head goes out at once: the caller, too, may wait for six heads only.
  const lines = new ReadableStream<Uint8Array>({
    async start(controller) {
      const answered = parsed.data.checks.map(async (check) => {
        const answer = await slots.run(() => makeCheck(check, env, colo));
        controller.enqueue(encoder.encode(`${JSON.stringify(answer)}\n`));
      });
      await Promise.all(answered);
      controller.close();
    },
  });
  return new Response(lines, { headers: { 'content-type': 'application/x-ndjson' } });
}

async function makeCheck(check: Check, env: ProbeEnv, colo: string | null): Promise<ProbeAnswer> {
  const startedAt = new Date().toISOString();
  const { outcome, attempts } = await attempt(check, env);
  return { key: check.key, outcome, attempts, startedAt, colo };
}

async function attempt(check: Check, env: ProbeEnv): Promise<Confirmed> {
  const network = workersNetwork(env.ALLOW_PRIVATE_TARGETS === 'true');
  const task = taskOf(check, env.LOCATION);
  const probe = probeOf(check);
  if (check.confirm) return probeWithConfirmation(probe, task, network, workersClock);
  return { outcome: await probe(task, network, workersClock), attempts: 1 };
}

function taskOf({ config, timeoutMs, traceId, transcript }: Check & CheckSpec, location: LocationId) {
  return { config, timeoutMs, traceId, transcript, location };
}

/** The data centre, where the runtime names it; local workerd does not. */
function coloOf(request: Request): string | null {
  const colo = request.cf?.colo;
  return typeof colo === 'string' ? colo : null;
}

export default {
  async fetch(request, env) {
    try {
      return await answerProbe(request, env);
    } catch (error) {
      log('error', 'a probe request failed', { location: env.LOCATION, reason: reasonOf(error) });
      return problemAnswer('internal');
    }
  },
} satisfies ExportedHandler<ProbeEnv>;
