import { type CheckSpec, checkSpecSchema } from '#domain/check/monitor.ts';
import type { Outcome } from '#domain/check/result.ts';
import {
  PROBE_COMPLETE_HEADER,
  PROBE_TOOK_HEADER,
  type ProbeAnswer,
  type ProbeRequest,
  probeRequestSchema,
} from '#domain/wire/wire.ts';
import { createBodyRoom } from '#probes/body-room.ts';
import { type Confirmed, probeWithConfirmation } from '#probes/confirm.ts';
import { probeOf } from '#probes/table.ts';
import type { ProbeEnv } from './env.ts';
import { judgingFor } from './judging.ts';
import { log, reasonOf } from './log.ts';
import { workersClock, workersNetwork } from './network.ts';
import { budgetedNetwork } from './probe-budget.ts';
import { invalidAnswer, problemAnswer } from './problem-answer.ts';

type Check = ProbeRequest['checks'][number];

/** What is answered within this time is answered at once: a stream costs several times as much as a text. */
const TOGETHER_MS = 100;

/** The regional probe Worker: makes up to six checks and answers a line for each, those that take long as they come. */
async function answerProbe(request: Request, env: ProbeEnv): Promise<Response> {
  const startedMs = performance.now();
  if (request.method !== 'POST' || new URL(request.url).pathname !== '/probe') return problemAnswer('not_found');
  const parsed = probeRequestSchema.safeParse(await request.json());
  if (!parsed.success) return invalidAnswer(parsed.error);
  const colo = coloOf(request);
  let known = '';
  let onLine = (line: string): void => {
    known += line;
  };
  // At most PROBE_BATCH_MAX: as many response heads as an invocation may wait for.
  const all = Promise.all(
    parsed.data.checks.map(async (check) => {
      const line = `${JSON.stringify(await makeCheck(check, env, colo))}\n`;
      // Not before the answer is known: by then the lines may go elsewhere.
      onLine(line);
    }),
  );
  const isComplete = await Promise.race([all.then(() => true), scheduler.wait(TOGETHER_MS).then(() => false)]);
  const took = { [PROBE_TOOK_HEADER]: String(performance.now() - startedMs) };
  // workerd warns of each body that is read as text and does not call itself one.
  const text = { 'content-type': 'text/plain; charset=utf-8', [PROBE_COMPLETE_HEADER]: '1' };
  if (isComplete) return new Response(known, { headers: { ...text, ...took } });
  const lines = new ReadableStream<Uint8Array>({
    async start(controller) {
      if (known !== '') controller.enqueue(encoder.encode(known));
      onLine = (line) => controller.enqueue(encoder.encode(line));
      await all;
      controller.close();
    },
  });
  return new Response(lines, { headers: { 'content-type': 'application/x-ndjson', ...took } });
}

const encoder = new TextEncoder();

async function makeCheck(check: Check, env: ProbeEnv, colo: string | null): Promise<ProbeAnswer> {
  const startedAt = new Date().toISOString();
  const startedMs = performance.now();
  const { outcome, attempts } = await attempt(check, env);
  if (wasStarved(check, outcome, attempts, performance.now() - startedMs)) {
    return { key: check.key, outcome: STARVED, attempts: 0, startedAt, colo };
  }
  return { key: check.key, outcome, attempts, startedAt, colo };
}

/** How late a timer may be before its lateness is the news: a tenth of the time limit, and what a busy turn takes. */
const LATE_SHARE = 0.1;
const LATE_MS = 250;
const STARVED = {
  outcome: 'error',
  reason: 'overloaded',
  detail: 'this location had no time to read the answer',
  responseTimeMs: null,
} as const satisfies ProbeAnswer['outcome'];

/**
 * True when a check ran out of time because this process did: its timer fires at the time limit unless nobody has time to
 * look at it, and then the answer may have been there as well.
 */
function wasStarved({ timeoutMs }: Check, { outcome }: Outcome, attempts: number, tookMs: number): boolean {
  return outcome === 'timeout' && tookMs > attempts * timeoutMs * (1 + LATE_SHARE) + LATE_MS;
}

/**
 * Bytes of bodies that the checks of this isolate keep. Text takes up to three times as much while it is judged, and an
 * isolate has 128 MB. Bodies of the usual size, 1 MiB at most, are read within milliseconds.
 */
const BODIES_BYTES_MAX = 24 * 1024 * 1024;
const bodyRoomOf = createBodyRoom(BODIES_BYTES_MAX);

async function attempt(check: Check, env: ProbeEnv): Promise<Confirmed> {
  const spec = readSpec(check.spec);
  const { timeoutMs, traceId, transcript, monitor, organization } = check;
  const network = budgetedNetwork(workersNetwork(env.ALLOW_PRIVATE_TARGETS === 'true', env.EGRESS), organization);
  const judging = judgingFor({ monitor, organization });
  const room = bodyRoomOf(organization ?? '');
  const task = { config: spec.config, timeoutMs, traceId, transcript, judging, room, location: env.LOCATION };
  const probe = probeOf(spec);
  if (check.confirm) return probeWithConfirmation(probe, task, network, workersClock);
  return { outcome: await probe(task, network, workersClock), attempts: 1 };
}

/** Specs that were read already: a monitor's stays the same for thousands of checks. About 10 MB of an isolate's 128. */
const SPECS_MAX = 2_000;
const specs = new Map<string, CheckSpec>();

function readSpec(text: string): CheckSpec {
  const known = specs.get(text);
  if (known !== undefined) return known;
  const spec = checkSpecSchema.parse(JSON.parse(text));
  if (specs.size >= SPECS_MAX) specs.clear();
  specs.set(text, spec);
  return spec;
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
