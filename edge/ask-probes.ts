import type { LocationId } from '#domain/location.ts';
import { DETAIL_LENGTH_MAX } from '#domain/result.ts';
import { type ProbeAnswer, type ProbeRequest, probeAnswerSchema } from '#domain/wire.ts';
import { type CoordinatorEnv, PROBE_BINDINGS } from './env.ts';
import { reasonOf } from './log.ts';

/** A line of a probe Worker's answer is one outcome with at most a transcript: more than this is no answer. */
const LINE_LENGTH_MAX = 256 * 1024;
/** A check may take its timeout twice (it is confirmed at once); the rest is the way there and back. */
const ROAD_MS = 5_000;

/** Why a check came to nothing: the location did not answer at all, or it broke off. */
export interface Unanswered {
  readonly key: string;
  readonly reason: 'location_unavailable' | 'probe_error';
  readonly detail: string;
}

/**
 * Has one location make up to six checks. Each outcome is handed on as soon as its line is here, several at
 * once when they came together. Whatever happens, every check is either answered or reported unanswered, and
 * that within the deadline. Never rejects.
 */
export async function askProbes(
  env: CoordinatorEnv,
  location: LocationId,
  checks: ProbeRequest['checks'],
  onAnswers: (answers: readonly ProbeAnswer[]) => void,
): Promise<Unanswered[]> {
  const open = new Set(checks.map((check) => check.key));
  const deadline = new AbortController();
  const deadlineMs = 2 * Math.max(...checks.map((check) => check.timeoutMs)) + ROAD_MS;
  const timer = setTimeout(() => deadline.abort(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs);
  let reached = false;
  let detail = 'the probe ended without an answer';
  try {
    const response = await env[PROBE_BINDINGS[location]].fetch('https://probe/probe', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ v: 1, checks } satisfies ProbeRequest),
      signal: deadline.signal,
    });
    if (!response.ok || response.body === null) throw new Error(`the location answered ${response.status}`);
    reached = true;
    for await (const lines of linesOf(response.body)) {
      const answers = lines.map(readAnswer).filter((answer) => open.delete(answer.key));
      if (answers.length > 0) onAnswers(answers);
      if (open.size === 0) break;
    }
  } catch (error) {
    detail = reasonOf(error);
  } finally {
    clearTimeout(timer);
  }
  const reason = reached ? 'probe_error' : 'location_unavailable';
  return [...open].map((key) => ({ key, reason, detail: detail.slice(0, DETAIL_LENGTH_MAX) }));
}

function readAnswer(line: string): ProbeAnswer {
  return probeAnswerSchema.parse(JSON.parse(line));
}

/** The complete lines of each chunk, together. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    if (rest.length > LINE_LENGTH_MAX) throw new Error('the probe sent a line without end');
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    if (lines.length > 0) yield lines;
  }
}
