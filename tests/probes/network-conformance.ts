import { describe, expect, it } from 'vitest';
import { WorkBudget } from '#domain/assertion/work-budget.ts';
import { type HttpConfig, httpConfigSchema } from '#domain/check/monitor.ts';
import { type Outcome, outcomeSchema } from '#domain/check/result.ts';
import { probeHttp } from '#probes/http/probe.ts';
import type { Network, ProbeClock } from '#probes/network.ts';
import type { Judging } from '#probes/probe.ts';
import type { Script, ScriptedAnswer, Seen } from './scripted-targets.ts';

/**
 * An adapter of the Network port, for the conformance suite below. The suite makes checks over real connections. It
 * runs in workerd (edge/network.test.ts) and in Node (probes/http/network.test.ts), and uses the APIs of neither.
 */
export interface Adapter {
  readonly network: Network;
  readonly clock: ProbeClock;
  /** The control URL of scripted-targets.ts. */
  targetsUrl(): string;
  /** Values of Content-Encoding that this runtime can decode and another cannot. */
  readonly undoesAlso: readonly string[];
  readonly sendsLatin1: boolean;
}

type Config = Partial<HttpConfig>;
const TEXT = 'hello '.repeat(500);
const LIMIT = 100_000;
const CHECK_MS = 20_000;
/** Several times what a busy machine needs. workerd keeps some finished connections for 5 s, for its next request. */
const DEADLINE_MS = 40_000;
const HAS_TEXT: HttpConfig['assertions'] = [{ source: 'body', compare: 'eq', value: TEXT }];
const NO_ERROR: HttpConfig['assertions'] = [{ source: 'body', compare: 'notContains', value: 'error' }];

export function networkConformance({ network, clock, targetsUrl, undoesAlso, sendsLatin1 }: Adapter): void {
  async function check(config: Config, timeoutMs = CHECK_MS): Promise<Outcome> {
    const whole = httpConfigSchema.parse(config);
    const judging: Judging = { run: async (judge) => judge(new WorkBudget()) };
    const room = { take: () => true, give: () => undefined };
    const task = { config: whole, timeoutMs, traceId: '0'.repeat(32), transcript: false, judging, room };
    return outcomeSchema.parse(await probeHttp({ ...task, location: 'eu-west' }, network, clock));
  }

  async function target(script: Script | ScriptedAnswer) {
    const whole = Object.keys(script).every((path) => path === '*' || path.startsWith('/')) ? script : { '*': script };
    const made = await fetch(targetsUrl(), { method: 'POST', body: JSON.stringify(whole) });
    const port = await made.text();
    const seen = async (): Promise<Seen> => (await fetch(`${targetsUrl()}/${port}`)).json() as Promise<Seen>;
    return { url: `http://127.0.0.1:${port}/`, seen };
  }

  async function outcomeOf(answer: Script | ScriptedAnswer, config: Config = {}, timeoutMs?: number) {
    const { url } = await target(answer);
    return check({ url, ...config }, timeoutMs);
  }

  describe("a target's fault is a failure of the target", () => {
    it.each([
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a template with an unreplaced variable
      'https://${DOMAIN}/login',
      'https://a*b.invalid/',
      'https://a..invalid/',
      `https://${'a'.repeat(64)}.invalid/`,
      `https://${'a.'.repeat(150)}invalid/`,
      'https://',
      'https://[::1/',
      'https://a b/',
      'http://127.0.0.1:99999/',
      'http://1.2.3.4.5/',
      'mailto:someone@example.com',
      'data:text/plain,x',
      'http://user@127.0.0.1/',
    ])('a redirect to %s', async (location) => {
      const outcome = await outcomeOf({ status: '302 Found', headers: [`Location: ${location}`] });
      expect(outcome).toMatchObject({ outcome: 'failure', reason: 'redirect_invalid', statusCode: 302 });
    });

    it.each([
      ['http://no-such-name.invalid/', 'dns_failure'],
      ['http://-a-.invalid/', 'dns_failure'],
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a template with an unreplaced variable
      ['http://${DOMAIN}/', 'dns_failure'],
      ["http://a'b.invalid/", 'dns_failure'],
      [`http://${'a'.repeat(300)}.invalid/`, 'dns_failure'],
    ])('a host that does not resolve: %s', async (url, reason) => {
      expect(await check({ url })).toMatchObject({ outcome: 'failure', reason, responseTimeMs: null });
    });

    it.each([
      ['no HTTP', { raw: 'SSH-2.0-OpenSSH_9.2\r\n' }],
      ['no HTTP, and held open', { raw: 'SSH-2.0-OpenSSH_9.2\r\n', ending: 'keep' }],
      ['nothing', { raw: '' }],
      ['a reset', { raw: '', ending: 'reset' }],
      ['a broken head', { raw: 'HTTP/1.1 200 OK\r\nno header\r\n\r\n' }],
      ['a status that is not a number', { raw: 'HTTP/1.1 abc\r\n\r\n' }],
      ['a status below 100', { raw: 'HTTP/1.1 042 Odd\r\nContent-Length: 0\r\n\r\n' }],
      ['a head without end', { raw: `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(200_000)}` }],
      ['a length that is not a number', { raw: 'HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nbody' }],
      ['a body shorter than announced', { headers: ['Content-Length: 100'], body: 'short' }],
      ['a body that is reset', { headers: ['Content-Length: 100'], body: 'short', ending: 'reset' }],
      ['a chunk without end', { headers: ['Transfer-Encoding: chunked'], body: '10\r\nshort' }],
      ['a chunk whose length is not a number', { headers: ['Transfer-Encoding: chunked'], body: 'zz\r\nshort\r\n' }],
    ] satisfies [string, ScriptedAnswer][])('%s', async (_what, answer) => {
      const outcome = await outcomeOf(answer);
      expect(outcome).toMatchObject({ outcome: 'failure', responseTimeMs: null });
      expect(outcome.reason).toMatch(/^(connection_reset|protocol_error)$/);
    });

    it('an answer that does not come, or does not end', async () => {
      expect(await outcomeOf({ raw: '', ending: 'keep' }, {}, 500)).toMatchObject({ outcome: 'timeout' });
      const half = { headers: ['Content-Length: 100'], body: 'half', ending: 'keep' } as const;
      expect(await outcomeOf(half, {}, 500)).toMatchObject({ outcome: 'timeout', statusCode: 200 });
    });
  });

  describe('a body in a content coding', () => {
    it.each([
      [['Content-Encoding: gzip'], ['gzip']],
      [['Content-Encoding: GZIP'], ['gzip']],
      [['Content-Encoding: x-gzip'], ['gzip']],
      [['Content-Encoding: X-GZip'], ['gzip']],
      [['Content-Encoding: deflate'], ['deflate']],
      [['Content-Encoding: Deflate'], ['deflate-raw']],
      [['Content-Encoding: br'], ['br']],
      [['Content-Encoding: identity'], []],
      [['Content-Encoding: Identity ,  gzip'], ['gzip']],
      [['Content-Encoding: deflate ,gzip,'], ['deflate', 'gzip']],
      [
        ['Content-Encoding: gzip', 'Content-Encoding: x-gzip'],
        ['gzip', 'gzip'],
      ],
      [['Content-Encoding:'], []],
    ] as const)('is read: %j', async (headers, packed) => {
      const outcome = await outcomeOf({ headers, packed, body: TEXT }, { assertions: HAS_TEXT });
      expect(outcome).toMatchObject({ outcome: 'success', bodyBytes: TEXT.length });
    });

    const sometimes = [
      ['zstd', ['zstd']],
      ['BR', ['br']],
      ['br, gzip', ['br', 'gzip']],
    ] as const;
    it.each(sometimes)(
      'is decoded where the runtime can, and otherwise fails only assertions on the body: %s',
      async (name, packed) => {
        const answer = { headers: [`Content-Encoding: ${name}`], packed, body: TEXT };
        expect(await outcomeOf(answer)).toMatchObject({ outcome: 'success', statusCode: 200 });
        const expected = undoesAlso.includes(name)
          ? { outcome: 'success', bodyBytes: TEXT.length }
          : { outcome: 'failure', reason: 'body_unreadable', detail: expect.stringContaining('"') };
        expect(await outcomeOf(answer, { assertions: HAS_TEXT })).toMatchObject(expected);
      },
    );

    it.each([
      ['that is unknown', { headers: ['Content-Encoding: rot13'], body: 'uryyb' }],
      ['that is obsolete', { headers: ['Content-Encoding: x-compress'], body: '\x1f\x9d' }],
      ['six times', { headers: [`Content-Encoding: ${Array(6).fill('gzip').join()}`], body: 'x' }],
      ['that is not gzip', { headers: ['Content-Encoding: gzip'], body: 'this is no gzip' }],
      ['that is not gzip, in mixed case', { headers: ['Content-Encoding: GZip'], body: 'this is no gzip' }],
      ['that is not deflate', { headers: ['Content-Encoding: deflate'], body: 'this is no deflate' }],
      ['that is not brotli', { headers: ['Content-Encoding: br'], body: 'this is no brotli' }],
      ['that breaks off', { headers: ['Content-Encoding: gzip'], packed: ['gzip'], body: TEXT, cutTo: 25 }],
      [
        'that breaks off, in capitals',
        { headers: ['Content-Encoding: GZIP'], packed: ['gzip'], body: TEXT, cutTo: 25 },
      ],
    ] satisfies [string, ScriptedAnswer][])('%s fails only assertions on the body', async (_what, answer) => {
      const plain = await outcomeOf(answer);
      expect(plain).toMatchObject({ outcome: 'success', statusCode: 200, responseTimeMs: expect.any(Number) });
      expect(plain.reason).toBeUndefined();
      const failing = await outcomeOf({ ...answer, status: '503 Unavailable' });
      expect(failing).toMatchObject({ outcome: 'failure', reason: 'status_unexpected', statusCode: 503 });
      const claimed = await outcomeOf(answer, { assertions: NO_ERROR });
      expect(claimed).toMatchObject({ outcome: 'failure', reason: 'body_unreadable', statusCode: 200 });
    });

    it('does not hide a connection that broke off', async () => {
      const headers = ['Content-Encoding: rot13', 'Content-Length: 100'];
      expect(await outcomeOf({ headers, body: 'uryyb' })).toMatchObject({ reason: 'connection_reset' });
    });

    it.each(['gzip', 'GZIP', 'br', 'rot13'])('is not decoded when it is empty: %s', async (name) => {
      const headers = [`Content-Encoding: ${name}`];
      for (const status of ['200 OK', '204 No Content', '304 Not Modified']) {
        const answer = {
          raw: `HTTP/1.1 ${status}\r\n${headers}\r\n${status < '201' ? 'Content-Length: 0\r\n' : ''}\r\n`,
        };
        expect(await outcomeOf(answer, { assertions: NO_ERROR }), status).toMatchObject({
          outcome: 'success',
          bodyBytes: 0,
        });
      }
      const head = await outcomeOf(
        { raw: `HTTP/1.1 200 OK\r\n${headers}\r\nContent-Length: 7\r\n\r\n` },
        { method: 'HEAD' },
      );
      expect(head).toMatchObject({ outcome: 'success', bodyBytes: 0 });
    });

    it.each(['gzip', 'GZIP', 'deflate', 'GZIP, gzip'])('is unpacked no further than the limit: %s', async (name) => {
      const packed = name.split(', ').map((coding) => coding.toLowerCase() as 'gzip' | 'deflate');
      const answer = { headers: [`Content-Encoding: ${name}`], packed, zeros: 64 * 1024 * 1024 };
      for (const assertions of [[], NO_ERROR.slice(0, 0), [{ source: 'body', compare: 'exists' }] as const]) {
        const outcome = await outcomeOf(answer, { bodyBytesMax: LIMIT, assertions: [...assertions] });
        expect(outcome).toMatchObject({ outcome: 'success', reason: 'body_too_large', bodyBytes: LIMIT });
      }
    });
  });

  describe('text', () => {
    it.each([
      ['UTF-16, little end first', '\xff\xfec\0a\0f\0\xe9\0', 'text/plain'],
      ['UTF-16, big end first', '\xfe\xff\0c\0a\0f\0\xe9', 'text/plain; charset=utf-8'],
      ['UTF-8, against its charset', '\xef\xbb\xbfcaf\xc3\xa9', 'text/plain; charset=iso-8859-1'],
      ['UTF-8 by default', 'caf\xc3\xa9', 'text/plain'],
      ['Latin-1 by its charset', 'caf\xe9', 'text/plain; charset=iso-8859-1'],
    ])('in %s', async (_what, body, type) => {
      const assertions: HttpConfig['assertions'] = [{ source: 'body', compare: 'eq', value: 'café' }];
      const outcome = await outcomeOf({ headers: [`Content-Type: ${type}`], body }, { assertions });
      expect(outcome).toMatchObject({ outcome: 'success' });
    });

    it.each([undefined, '{"a":"ü"}'])('of headers goes out in Latin-1, or not at all (body: %s)', async (body) => {
      const { url, seen } = await target({ body: 'ok' });
      const method = body === undefined ? 'GET' : 'POST';
      const outcome = await check({ url, method, headers: { 'X-Name': 'café', 'X-Plain': 'plain' }, body });
      if (!sendsLatin1) {
        expect(outcome).toMatchObject({ outcome: 'error', reason: 'unsupported_here' });
        expect((await seen()).requests).toEqual([]);
        return;
      }
      expect(outcome).toMatchObject({ outcome: 'success' });
      expect((await seen()).requests[0]).toContain('\r\nX-Name: caf\xe9\r\n');
    });
  });

  describe('a header that may be set', () => {
    it.each([
      ['Accept', 'text/html'],
      ['Accept-Encoding', 'br'],
      ['Authorization', 'Digest x'],
      ['CF-Access-Client-Id', 'id'],
      ['Content-Encoding', 'gzip'],
      ['Cookie', 'a=b; c=d'],
      ['Date', 'today'],
      ['Forwarded', 'for=a'],
      ['Origin', 'https://example.com'],
      ['Proxy-Authorization', 'Basic x'],
      ['Range', 'bytes=0-1'],
      ['Referer', 'https://example.com/'],
      ['Sec-Fetch-Mode', 'navigate'],
      ['Sec-WebSocket-Key', 'x'],
      ['User-Agent', 'mine'],
      ['Via', '1.1 a'],
      ['X-Empty', ''],
      ['X-Forwarded-For', '192.0.2.1'],
    ])('arrives as it was set: %s', async (name, value) => {
      const { url, seen } = await target({ body: 'ok' });
      expect(await check({ url, headers: { [name]: value } })).toMatchObject({ outcome: 'success' });
      const lines = (await seen()).requests[0]?.split('\r\n') ?? [];
      const values = lines.filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`));
      expect(values.map((line) => line.slice(name.length + 1).trim())).toEqual([value]);
    });
  });

  describe('a connection is closed when its check is over', () => {
    const HALF: ScriptedAnswer = { headers: ['Content-Length: 100'], body: 'half', ending: 'keep' };
    const LEADS_ON = { status: '302 Found', headers: ['Location: /next'], ending: 'keep' } as const;
    it.concurrent.each<[string, Script | ScriptedAnswer, Config, number?]>([
      ['a whole body', { body: 'ok', ending: 'keep' }, {}],
      ['a whole body that is read', { body: 'ok', ending: 'keep' }, { assertions: NO_ERROR }],
      ['no body', { raw: 'HTTP/1.1 204 No Content\r\n\r\n', ending: 'keep' }, {}],
      ['only a head', { raw: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', ending: 'keep' }, { method: 'HEAD' }],
      ['an unexpected status', { status: '500 Oh', body: 'no', ending: 'keep' }, {}],
      ['a body that does not end', HALF, {}, 300],
      ['no answer', { raw: '', ending: 'keep' }, {}, 300],
      ['a body over the limit', { body: 'x'.repeat(300_000), ending: 'keep' }, { bodyBytesMax: 1000 }],
      ['an unknown coding', { headers: ['Content-Encoding: a'], body: 'x', ending: 'keep' }, { assertions: NO_ERROR }],
      ['a broken coding', { headers: ['Content-Encoding: GZIP'], body: 'x'.repeat(99_999), ending: 'keep' }, {}],
      ['no HTTP', { raw: 'SSH-2.0-OpenSSH_9.2\r\n', ending: 'keep' }, {}],
      [
        'another protocol',
        { raw: 'HTTP/1.1 101 Switching\r\nUpgrade: a\r\nConnection: Upgrade\r\n\r\n', ending: 'keep' },
        {},
      ],
      ['a redirect with a body', { '/': { ...LEADS_ON, body: 'moved' }, '*': { body: 'ok', ending: 'keep' } }, {}],
      [
        'a redirect whose body does not end',
        {
          '/': { ...LEADS_ON, ...HALF, headers: [...LEADS_ON.headers, 'Content-Length: 100'] },
          '*': { body: 'ok', ending: 'keep' },
        },
        {},
      ],
      [
        'a redirect to nowhere',
        { ...HALF, status: '302 Found', headers: ['Location: https://a..b/', 'Content-Length: 100'] },
        {},
      ],
      ['redirects without end', { ...LEADS_ON, body: 'moved' }, { maxRedirects: 3 }],
      ["an answer that is like Cloudflare's", { status: '521 Down', body: 'error code: 521', ending: 'keep' }, {}],
    ])(
      'of %s',
      async (_what, script, config, timeoutMs) => {
        const { url, seen } = await target(script);
        await Promise.all(Array.from({ length: 6 }, () => check({ url, ...config }, timeoutMs)));
        const endMs = clock.nowMs() + DEADLINE_MS;
        let now = await seen();
        expect(now.accepted).toBeGreaterThan(0);
        while (now.open > 0 && clock.nowMs() < endMs) {
          await new Promise<void>((resolve) => clock.after(50, resolve));
          now = await seen();
        }
        expect(now.open).toBe(0);
      },
      60_000,
    );
  });
}
