import type { LocationId } from '#domain/check/location.ts';
import { DETAIL_LENGTH_MAX } from '#domain/check/result.ts';
import {
  PROBE_COMPLETE_HEADER,
  PROBE_TOOK_HEADER,
  type ProbeAnswer,
  type ProbeRequest,
  probeAnswerSchema,
} from '#domain/wire/wire.ts';
import { type CoordinatorEnv, PROBE_BINDINGS } from './env.ts';
import { reasonOf } from './log.ts';

/** Longest line of a probe Worker's answer. A line is one outcome, with a transcript in a test. */
const LINE_BYTES_MAX = 256 * 1024;
/** Time beyond twice the timeout of a check, whose failure is confirmed by a second attempt: the way there and back. */
const ROAD_MS = 5_000;

/** Why a check came to nothing: the location did not answer at all, or it broke off. */
export interface Unanswered {
  readonly key: string;
  readonly reason: 'location_unavailable' | 'probe_error';
  readonly detail: string;
}

interface Listeners {
  /** The location has answered; `tookMs` is how long it had the request itself. */
  readonly onHead: (tookMs: number) => void;
  readonly onAnswers: (answers: readonly ProbeAnswer[]) => void;
}

/**
 * Asks one location to make up to six checks. Outcomes are passed to `onAnswers` as they arrive. Each check is either
 * answered or reported unanswered within the deadline. Never rejects.
 */
export async function askProbes(
  env: CoordinatorEnv,
  location: LocationId,
  checks: ProbeRequest['checks'],
  { onHead, onAnswers }: Listeners,
): Promise<Unanswered[]> {
  const open = new Set(checks.map((check) => check.key));
  const deadline = new AbortController();
  const deadlineMs = 2 * Math.max(...checks.map((check) => check.timeoutMs)) + ROAD_MS;
  const timer = setTimeout(() => deadline.abort(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs);
  let reached = false;
  const exchange = async () => {
    const response = await probe(env[PROBE_BINDINGS[location]], checks, deadline.signal);
    reached = true;
    onHead(Number(response.headers.get(PROBE_TOOK_HEADER) ?? 0));
    for await (const lines of linesOf(response)) {
      const answers = lines.map(readAnswer).filter((answer) => open.delete(answer.key));
      if (answers.length > 0) onAnswers(answers);
      if (open.size === 0) return;
    }
    throw new Error('the probe ended without an answer');
  };
  try {
    await Promise.race([exchange(), aborted(deadline.signal)]);
    return [];
  } catch (error) {
    const reason = reached ? 'probe_error' : 'location_unavailable';
    const detail = reasonOf(error).slice(0, DETAIL_LENGTH_MAX);
    const unanswered = [...open].map((key) => ({ key, reason, detail }) as const);
    // Lines that arrive after the deadline are dropped.
    open.clear();
    return unanswered;
  } finally {
    clearTimeout(timer);
  }
}

async function probe(location: Fetcher, checks: ProbeRequest['checks'], signal: AbortSignal): Promise<Response> {
  const response = await location.fetch('https://probe/probe', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ v: 1, checks } satisfies ProbeRequest),
    signal,
  });
  if (!response.ok) throw new Error(`the location answered ${response.status}`);
  return response;
}

/** Rejects when the signal fires: not every way a location can hang listens to it. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function readAnswer(line: string): ProbeAnswer {
  return probeAnswerSchema.parse(JSON.parse(line));
}

/** The complete lines of an answer. Lines that arrive together are one portion. */
async function* linesOf(response: Response): AsyncGenerator<string[]> {
  if (response.headers.has(PROBE_COMPLETE_HEADER)) {
    yield (await response.text()).split('\n').filter((line) => line !== '');
    return;
  }
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of response.body ?? []) {
    const bytes = rest.length === 0 ? chunk : joined(rest, chunk);
    // UTF-8 uses the byte of a line feed for the line feed only.
    const end = bytes.lastIndexOf(LINE_END) + 1;
    rest = bytes.subarray(end);
    if (rest.length > LINE_BYTES_MAX) throw new Error('the probe sent a line without end');
    if (end > 0) yield decoder.decode(bytes.subarray(0, end - 1)).split('\n');
  }
}

const LINE_END = 10;
const decoder = new TextDecoder();

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
