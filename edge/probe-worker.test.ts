import { describe, expect, it } from 'vitest';
import { type HttpConfig, httpConfigSchema } from '#domain/check/monitor.ts';
import { type ProbeAnswer, type ProbeRequest, probeAnswerSchema } from '#domain/wire/wire.ts';
import { behave, hitsOf, newMonitor, until, world } from '#tests/edge/shard.ts';
import probeWorker from './probe-worker.ts';

type Check = ProbeRequest['checks'][number];

type Terms = Partial<Pick<Check, 'timeoutMs' | 'confirm'>>;

function checkOf(key: string, config: Partial<HttpConfig>, changes: Terms = {}): Check {
  const whole = httpConfigSchema.parse({ url: targetOf(newMonitor()), ...config });
  const check = { key, timeoutMs: 20_000, traceId: 'a'.repeat(32), confirm: false, transcript: false };
  return { ...check, spec: JSON.stringify({ type: 'http', config: whole }), ...changes };
}

async function probe(checks: readonly Check[], allowPrivate = true): Promise<Response> {
  const request = new Request('https://probe/probe', { method: 'POST', body: JSON.stringify({ v: 1, checks }) });
  const env = { LOCATION: 'eu-central', ALLOW_PRIVATE_TARGETS: String(allowPrivate) } as const;
  // The type of incoming requests has `cf`, which a request created here lacks.
  return probeWorker.fetch(request as Parameters<typeof probeWorker.fetch>[0], env);
}

async function answersOf(checks: readonly Check[], allowPrivate?: boolean): Promise<ProbeAnswer[]> {
  const bytes = await (await probe(checks, allowPrivate)).arrayBuffer();
  const lines = new TextDecoder().decode(bytes).trim().split('\n');
  return lines.map((line) => probeAnswerSchema.parse(JSON.parse(line)));
}

async function outcomeOf(config: Partial<HttpConfig>, changes: Terms = {}, allowPrivate?: boolean) {
  const [answer] = await answersOf([checkOf('one', config, changes)], allowPrivate);
  return answer?.outcome;
}

function targetOf(monitor: { id: string }): string {
  return `${world.targetUrl}/t/${monitor.id}`;
}

describe('the probe Worker', () => {
  it('answers each check as soon as it is known', async () => {
    const slow = newMonitor();
    await behave(slow, { hold: true });
    const response = await probe([checkOf('slow', { url: targetOf(slow) }), checkOf('fast', {})]);
    const arrivals: string[][] = [];
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const lines = chunk.trim().split('\n');
      arrivals.push(lines.map((line) => (JSON.parse(line) as ProbeAnswer).key));
      await behave(slow, {});
    }
    expect(arrivals).toEqual([['fast'], ['slow']]);
  });

  it('checks a failure again at once, and only that', async () => {
    const [good, bad] = [newMonitor(), newMonitor()];
    await behave(bad, { status: 500 });
    const answers = await answersOf([
      checkOf('good', { url: targetOf(good) }, { confirm: true }),
      checkOf('bad', { url: targetOf(bad) }, { confirm: true }),
    ]);
    expect(Object.fromEntries(answers.map((answer) => [answer.key, answer.attempts]))).toEqual({ good: 1, bad: 2 });
    expect(await hitsOf(bad)).toHaveLength(2);
    expect((await hitsOf(good))[0]).toMatchObject({ location: 'eu-central' });
  });

  it('refuses what is not a probe request', async () => {
    expect((await probe([])).status).toBe(422);
  });
});

describe('the way to a target in workerd', () => {
  it.each([
    ['nobody listens', () => ({ url: world.refusedUrl }), 'connection_refused'],
    ['the name does not exist', () => ({ url: 'http://no-such-name.invalid/' }), 'dns_failure'],
    ['it does not speak TLS', () => ({ url: world.targetUrl.replace('http:', 'https:') }), 'tls_failure'],
  ])('says so when %s', async (_what, config, reason) => {
    expect(await outcomeOf(config())).toMatchObject({ outcome: 'failure', reason, responseTimeMs: null });
  });

  it('says so when the connection is reset, and when the body cannot be unpacked', async () => {
    const [reset, garbled] = [newMonitor(), newMonitor()];
    await behave(reset, { answer: 'reset' });
    await behave(garbled, { answer: 'bad-gzip' });
    expect(await outcomeOf({ url: targetOf(reset) })).toMatchObject({ reason: 'connection_reset' });
    const assertions: HttpConfig['assertions'] = [{ source: 'body', compare: 'exists' }];
    const unread = await outcomeOf({ url: targetOf(garbled), assertions });
    expect(unread).toMatchObject({ reason: 'body_unreadable', statusCode: 200 });
  });

  it("knows Cloudflare's own answer from the target's", async () => {
    const [substitute, own] = [newMonitor(), newMonitor()];
    await behave(substitute, { status: 521, body: 'error code: 521' });
    await behave(own, { status: 521, body: 'we are closed' });
    expect(await outcomeOf({ url: targetOf(substitute) })).toMatchObject({ reason: 'connection_refused' });
    expect(await outcomeOf({ url: targetOf(own) })).toMatchObject({ reason: 'status_unexpected', statusCode: 521 });
  });

  it('gives up after the timeout', async () => {
    const slow = newMonitor();
    await behave(slow, { hold: true });
    const ask = () => outcomeOf({ url: targetOf(slow) }, { timeoutMs: 300 });
    // A machine without processor time reports `overloaded` instead.
    await until('a timeout', async () => (await ask())?.outcome === 'timeout');
  });

  it('reads no more of a decompression bomb than the limit', async () => {
    const bomb = newMonitor();
    await behave(bomb, { answer: 'gzip-bomb' });
    const outcome = await outcomeOf({ url: targetOf(bomb), bodyBytesMax: 100_000 });
    expect(outcome).toMatchObject({ outcome: 'success', reason: 'body_too_large', bodyBytes: 100_000 });
  });

  it.each([
    ['verifyTls', { verifyTls: false }],
    ['ipVersion', { ipVersion: '6' }],
  ] as const)('says that %s cannot be chosen here', async (_name, config) => {
    expect(await outcomeOf(config)).toMatchObject({ outcome: 'error', reason: 'unsupported_here' });
  });

  it.each([
    'http://127.0.0.1/',
    'http://localhost:8080/',
    'http://169.254.169.254/latest/meta-data',
    'http://[::1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://2130706433/',
    'http://0x7f.1/',
  ])('refuses %s where private targets are not allowed', async (url) => {
    expect(await outcomeOf({ url }, {}, false)).toMatchObject({ outcome: 'failure', reason: 'address_refused' });
  });
});
