import { z } from 'zod';
import { SERVICE_BODY_BYTES_MAX, type TestAnswer, testAnswerSchema } from '#domain/wire/wire.ts';
import { readBounded, wholeBytes } from '#probes/bounded-body.ts';
import type { Clock, EdgeClient, ServiceTokens } from './context.ts';
import { ProblemError } from './platform/problem-error.ts';

/** Longer than any request to the edge, except a test, takes. */
const TIMEOUT_MS = 10_000;
/** A test runs checks of up to 30 s at six locations in parallel. */
const TEST_TIMEOUT_MS = 40_000;

/** The edge is unreachable or failing: retryable. The API answers 503. */
export class EdgeUnavailable extends ProblemError {
  constructor(detail: string) {
    super('edge_unavailable', detail);
    this.name = 'EdgeUnavailable';
  }
}

/** The edge refused the request: permanent. */
export class EdgeRefused extends Error {
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.name = 'EdgeRefused';
    this.status = status;
  }
}

const checkAnswerSchema = z.object({ scheduledAt: z.iso.datetime() });

/** Signed calls to the coordinator Worker at `edgeUrl`. */
export function createEdgeClient(edgeUrl: string, tokens: ServiceTokens, clock: Clock): EdgeClient {
  async function call(method: string, path: string, body: unknown, timeoutMs = TIMEOUT_MS): Promise<unknown> {
    const bytes = new TextEncoder().encode(body === undefined ? '' : JSON.stringify(body));
    const token = await tokens.sign({ method, path, body: bytes });
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    try {
      const response = await fetch(new URL(path, edgeUrl), {
        method,
        headers,
        ...(body === undefined ? {} : { body: bytes }),
        signal: AbortSignal.timeout(timeoutMs),
        redirect: 'error',
      });
      const text = await readText(response);
      if (response.ok) return text === '' ? undefined : JSON.parse(text);
      throw failureOf(response.status, text);
    } catch (error) {
      if (error instanceof EdgeUnavailable || error instanceof EdgeRefused) throw error;
      throw new EdgeUnavailable(`The edge did not answer: ${error instanceof Error ? error.message : String(error)}.`);
    }
  }

  return {
    async putAssignment(shard, body) {
      await call('PUT', `/edge/v1/shards/${shard}/assignment`, body);
    },
    async putPage(slug, body) {
      await call('PUT', `/edge/v1/pages/${slug}`, body);
    },
    async deletePage(slug) {
      await call('DELETE', `/edge/v1/pages/${slug}`, undefined);
    },
    async checkNow(shard, monitorId) {
      const body = { v: 1, requestedAt: clock.now().toISOString() };
      const path = `/edge/v1/shards/${shard}/monitors/${monitorId}/check`;
      return parsed(checkAnswerSchema, await asProblem(call('POST', path, body)));
    },
    async test(request): Promise<TestAnswer> {
      return parsed(testAnswerSchema, await asProblem(call('POST', '/edge/v1/test', request, TEST_TIMEOUT_MS)));
    },
  };
}

function failureOf(status: number, text: string): EdgeUnavailable | EdgeRefused {
  const detail = `The edge answered ${status}: ${text.slice(0, 200)}`;
  // 401 ends when clocks or keys are corrected; other 4xx are about this request.
  const refused = status >= 400 && status < 500 && ![401, 404, 408, 429].includes(status);
  return refused ? new EdgeRefused(status, detail) : new EdgeUnavailable(detail);
}

/** For calls of a waiting user: a refusal is an internal error, not the user's. */
async function asProblem(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof EdgeRefused) throw new ProblemError('edge_unavailable', error.message);
    throw error;
  }
}

function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (!result.success) throw new EdgeUnavailable('The edge gave an answer that cannot be read.');
  return result.data;
}

/** Reads at most SERVICE_BODY_BYTES_MAX. */
async function readText(response: Response): Promise<string> {
  const body = await readBounded(response.body, SERVICE_BODY_BYTES_MAX);
  if (body.cut) throw new Error('its answer is too large');
  return new TextDecoder().decode(wholeBytes(body));
}
