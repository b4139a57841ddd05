import type { Answer } from '#domain/assertion/assertion-evaluation.ts';
import { TooMuchWork, type WorkBudget } from '#domain/assertion/work-budget.ts';
import { namesImpossibleHost } from '#domain/base/host-name.ts';
import { formatBytes, formatLatency } from '#domain/base/quantity.ts';
import type { HttpConfig } from '#domain/check/monitor.ts';
import type { Outcome, OutcomeKind, Phases, Reason } from '#domain/check/result.ts';
import { STATUS_MIN } from '#domain/check/status-range.ts';
import { NoRoom } from '../body-room.ts';
import { type HttpExchange, type HttpRequest, type Network, NetworkFailure, type ProbeClock } from '../network.ts';
import { NoTurn, type ProbeTask } from '../probe.ts';
import { unfinishedBy } from '../unfinished.ts';
import { type Body, bodyText, readBody } from './body.ts';
import { codingProblem, decodedBody } from './decoded-body.ts';
import { firstRequest } from './first-request.ts';
import { type Judgement, judgeAnswer, needsBody } from './judge.ts';
import { redirectOf } from './redirect.ts';
import {
  answerLine,
  connectionLine,
  cutText,
  publicUrl,
  requestLine,
  startTranscript,
  type Transcript,
} from './transcript.ts';

/**
 * One HTTP(S) check: the request, its redirects, the whole body and the evaluation, within `timeoutMs`.
 *
 * `responseTimeMs` runs from the first request to the last byte of the last body. It is null for an incomplete
 * exchange, because a part of it would look like a fast answer. A body over `bodyBytesMax` is cut and reported (reason
 * `body_too_large`), which is a success unless an assertion needs the rest.
 */
export async function probeHttp(task: ProbeTask<HttpConfig>, network: Network, clock: ProbeClock): Promise<Outcome> {
  const attempt = new Attempt(task, network, clock);
  const outcome = await attempt.run();
  if (!task.transcript) return outcome;
  return { ...outcome, transcript: [...attempt.transcript.lines] };
}

/** One attempt. Its progress is part of the outcome when it fails or times out. */
class Attempt {
  readonly transcript: Transcript = startTranscript();
  private readonly task: ProbeTask<HttpConfig>;
  private readonly network: Network;
  private readonly clock: ProbeClock;
  /** Aborts the exchange in flight; called at the end of the attempt and before each redirect. */
  private hop = new AbortController();
  private isOver = false;
  private stopTimer = (): void => undefined;
  private phases: Phases = {};
  private head: HttpExchange | undefined;
  /** The last body was read to its end, and its connection is free or closed by that. */
  private isRead = false;
  /** Taken of the room for bodies. */
  private bytesKept = 0;

  constructor(task: ProbeTask<HttpConfig>, network: Network, clock: ProbeClock) {
    this.task = task;
    this.network = network;
    this.clock = clock;
  }

  async run(): Promise<Outcome> {
    const timeout = Promise.withResolvers<Outcome>();
    this.stopTimer = this.clock.after(this.task.timeoutMs, () => timeout.resolve(this.timedOut()));
    try {
      return await Promise.race([this.exchange(), timeout.promise]);
    } catch (error) {
      return this.failed(error);
    } finally {
      this.stopTimer();
      this.isOver = true;
      this.task.room.give(this.bytesKept);
      if (!this.isRead) this.hop.abort();
    }
  }

  private async exchange(): Promise<Outcome> {
    const { config } = this.task;
    const startedMs = this.clock.monotonicMs();
    const head = await this.finalHead(firstRequest(config, this.task.location));
    const headMs = this.clock.monotonicMs();
    const body = await this.bodyOf(head);
    const endedMs = this.clock.monotonicMs();
    this.phases = { ...this.phases, transferMs: endedMs - headMs };
    this.transcript.add(`  body of ${formatBytes(body.bytes)} in ${formatLatency(endedMs - headMs)}`);
    if (body.unreadable !== undefined) this.transcript.add(`  no claim needs the rest: ${body.unreadable.message}`);
    // The target has done its part: how long the answer waits to be judged is no matter of the time limit.
    this.stopTimer();
    return this.judged(head, body, endedMs - startedMs);
  }

  /** Follows redirects to the final answer. Each hop has its own connection, closed before the next one. */
  private async finalHead(first: HttpRequest): Promise<HttpExchange> {
    const { followRedirects, maxRedirects } = this.task.config;
    let request = first;
    for (let redirects = 0; ; redirects++) {
      const head = await this.headOf(request, this.hop.signal);
      const next = followRedirects ? redirectOf(request, head.status, head.headers) : null;
      if (next === null || this.isOver) return head;
      this.hop.abort();
      this.hop = new AbortController();
      if (redirects >= maxRedirects) {
        throw new NetworkFailure('too_many_redirects', `more than ${maxRedirects} redirects`);
      }
      this.transcript.add(`  redirected to ${publicUrl(next.url)}`);
      request = next;
    }
  }

  /**
   * The body as far as the check needs it. A body that cannot be decoded only matters to assertions about the content.
   */
  private async bodyOf(head: HttpExchange): Promise<Body> {
    const { config } = this.task;
    const needed = needsBody(config);
    const asItCame = !needed && codingProblem(head, this.network) !== null;
    const content = asItCame ? head.body : decodedBody(head, this.network);
    const body = await readBody(content, config.bodyBytesMax, needed ? (bytes) => this.keep(bytes) : null);
    this.isRead = !body.cut && body.unreadable === undefined;
    if (needed && body.unreadable !== undefined) throw body.unreadable;
    return body;
  }

  /** An attempt that is over has given its room back. */
  private keep(bytes: number): void {
    if (this.isOver || !this.task.room.take(bytes)) throw new NoRoom();
    this.bytesKept += bytes;
  }

  private async headOf(request: HttpRequest, signal: AbortSignal): Promise<HttpExchange> {
    this.transcript.add(requestLine(request));
    this.head = undefined;
    if (namesImpossibleHost(request.url)) throw new NetworkFailure('dns_failure', 'the URL names no possible host');
    const head = await this.network.request(request, signal);
    // Node's parser accepts a status such as "042".
    if (head.status < STATUS_MIN) throw new NetworkFailure('protocol_error', `${head.status} is no status`);
    this.head = head;
    this.phases = addPhases(this.phases, head.phases);
    const connection = connectionLine(head);
    if (connection !== null) this.transcript.add(connection);
    this.transcript.add(answerLine(head));
    return head;
  }

  private async judged(head: HttpExchange, body: Body, responseTimeMs: number): Promise<Outcome> {
    const { reason, detail, lines } = await this.judgement(head, body, responseTimeMs);
    for (const line of lines) this.transcript.add(line);
    const facts = { ...this.seen(), responseTimeMs, bodyBytes: body.bytes };
    if (reason !== undefined) return { ...facts, outcome: 'failure', reason, detail: cutText(detail ?? reason) };
    if (!body.cut) return { ...facts, outcome: 'success' };
    const cut = `the body is larger than ${formatBytes(this.task.config.bodyBytesMax)}; the rest was not read`;
    this.transcript.add(`  ${cut}`);
    return { ...facts, outcome: 'success', reason: 'body_too_large', detail: cut };
  }

  private async judgement(head: HttpExchange, body: Body, responseTimeMs: number): Promise<Judgement> {
    const contentType = head.headers.find(([name]) => name === 'content-type')?.[1];
    let text: string | undefined;
    const decoded = (budget: WorkBudget): Pick<Answer, 'body' | 'unreadable'> => {
      try {
        text ??= bodyText(body, contentType, budget);
        return { body: text };
      } catch (error) {
        if (error instanceof TooMuchWork) return { body: null, unreadable: error.message };
        throw error;
      }
    };
    const answer = {
      status: head.status,
      headers: head.headers,
      bodyCut: body.cut,
      responseTimeMs,
      tls: head.tls,
      atMs: this.clock.nowMs(),
    };
    return this.task.judging.run((budget) => judgeAnswer(this.task.config, { ...answer, ...decoded(budget) }, budget));
  }

  private timedOut(): Outcome {
    const progress = this.head === undefined ? 'no answer' : `the answer (${this.head.status}) did not end`;
    const detail = `${progress} within ${formatLatency(this.task.timeoutMs)}`;
    return this.unfinished('timeout', 'timeout', detail);
  }

  private failed(error: unknown): Outcome {
    if (error instanceof NoTurn || error instanceof NoRoom)
      return this.unfinished('error', 'overloaded', error.message);
    const { outcome, reason, detail } = unfinishedBy(error);
    return this.unfinished(outcome, reason, detail);
  }

  private unfinished(outcome: OutcomeKind, reason: Reason, detail: string): Outcome {
    this.transcript.add(`✗ ${detail}`);
    return { ...this.seen(), outcome, reason, detail: cutText(detail), responseTimeMs: null };
  }

  /** Facts known so far, for every end of the attempt. */
  private seen(): Pick<Outcome, 'phases' | 'statusCode' | 'tls'> {
    return {
      ...(Object.keys(this.phases).length > 0 ? { phases: this.phases } : {}),
      ...(this.head === undefined ? {} : { statusCode: this.head.status }),
      ...(this.head?.tls === undefined ? {} : { tls: this.head.tls }),
    };
  }
}

/** Phases of redirects are summed, so that the phases explain the response time. */
function addPhases(sum: Phases, hop: Phases): Phases {
  const added: Phases = { ...sum };
  for (const phase of ['dnsMs', 'connectMs', 'tlsMs', 'ttfbMs'] as const) {
    const ms = hop[phase];
    if (ms !== undefined) added[phase] = (sum[phase] ?? 0) + ms;
  }
  return added;
}
