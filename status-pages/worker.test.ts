import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { problemSchema } from '#domain/base/problem.ts';
import { createPageSite } from './page-site.ts';
import { LOOKUP_INTERVAL_MS } from './page-source.ts';
import { sha256Base64 } from './representation.ts';
import { sampleComponent, sampleIncident, samplePage } from './sample-page.ts';

const PAGE = '/status/northwind';
const SUMMARY = `${PAGE}/api/v2/summary.json`;

let site: ReturnType<typeof createPageSite>;
beforeEach(() => {
  site = createPageSite();
  site.publish(samplePage());
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

async function indicator(): Promise<string> {
  const summary = (await (await site.get(SUMMARY)).json()) as { status: { indicator: string } };
  return summary.status.indicator;
}

describe('answers', () => {
  it.each([
    [PAGE, 'text/html; charset=utf-8'],
    [`${PAGE}/feed.atom`, 'application/atom+xml; charset=utf-8'],
    [`${PAGE}/api/v2/summary.json`, 'application/json; charset=utf-8'],
    [`${PAGE}/api/v2/status.json`, 'application/json; charset=utf-8'],
    [`${PAGE}/api/v2/components.json`, 'application/json; charset=utf-8'],
    [`${PAGE}/api/v2/incidents.json`, 'application/json; charset=utf-8'],
    [`${PAGE}/api/v2/incidents/unresolved.json`, 'application/json; charset=utf-8'],
  ])('%s may be kept for 30 s and is confirmed by its tag', async (path, contentType) => {
    const answer = await site.get(path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe(contentType);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=30');
    const tag = answer.headers.get('etag') ?? '';
    expect(tag).toMatch(/^"[\w+/]{22}"$/);

    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
      const again = await site.get(path, { headers: { 'If-None-Match': known } });
      expect(again.status).toBe(304);
      expect(again.headers.get('etag')).toBe(tag);
      expect(await again.text()).toBe('');
    }
    expect((await site.get(path, { headers: { 'If-None-Match': '"other"' } })).status).toBe(200);

    const head = await site.get(path, { method: 'HEAD' });
    expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, tag, '']);
  });

  it('links in feed and JSON lead to the public address that the core names, whatever host is asked', async () => {
    site.publish(samplePage({ url: 'https://status.acme.example/status/northwind' }));
    for (const path of [`${PAGE}/feed.atom`, SUMMARY, `${PAGE}/api/v2/status.json`]) {
      const text = await (await site.get(path)).text();
      expect(text).toContain('https://status.acme.example/status/northwind');
      expect(text).not.toContain('https://status.example');
    }
  });

  it('a page of an earlier core, which names no address, is linked where it was asked for', async () => {
    expect(await (await site.get(SUMMARY)).text()).toContain('"url":"https://status.example/status/northwind"');
  });

  it('only reads: every other method is refused with the ones allowed', async () => {
    for (const path of [PAGE, SUMMARY]) {
      const answer = await site.get(path, { method: 'POST', body: 'x' });
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    }
  });

  it('lets any site read the JSON, with its tag', async () => {
    const answer = await site.get(SUMMARY, { headers: { Origin: 'https://else.example' } });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    const preflight = await site.get(SUMMARY, {
      method: 'OPTIONS',
      headers: { Origin: 'https://else.example', 'Access-Control-Request-Method': 'GET' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toBe('If-None-Match');
  });

  it('brings people without a page to a page in the same dress, programs to a problem', async () => {
    for (const path of ['/status/nobody', '/status/NoSlug', '/status', '/status/northwind/nothing', '/']) {
      const answer = await site.get(path);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(await answer.text()).toContain('<html lang="en">');
    }
    for (const path of ['/status/nobody/api/v2/summary.json', `${PAGE}/api/v2/scheduled-maintenances.json`]) {
      const answer = await site.get(path);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(problemSchema.parse(await answer.json())).toMatchObject({ status: 404, code: 'not_found' });
    }
  });

  it('sends a trailing slash to the page', async () => {
    const answer = await site.get(`${PAGE}/`);
    expect([answer.status, answer.headers.get('location')]).toEqual([301, PAGE]);
  });

  it('runs and draws nothing but its own style and script', async () => {
    const answer = await site.get(PAGE);
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    const html = await answer.text();
    for (const [element, directive] of [
      ['style', 'style-src'],
      ['script', 'script-src'],
    ] as const) {
      const texts = [...html.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, 'gs'))].map(
        (match) => match[1] ?? '',
      );
      expect(texts).toHaveLength(1);
      expect(policy).toContain(`${directive} 'sha256-${await sha256Base64(texts[0] ?? '')}'`);
    }
    expect(html).not.toMatch(/ style="| on[a-z]+="/);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('x-frame-options')).toBe('DENY');
  });
});

describe('compression', () => {
  const get = (path: string, accepted: string, headers: Record<string, string> = {}) =>
    site.get(path, { headers: { 'Accept-Encoding': accepted, ...headers } });

  it.each([PAGE, `${PAGE}/feed.atom`, SUMMARY])('%s has bytes and a tag of its own for each coding', async (path) => {
    site.publish(samplePage({ url: 'https://status.example/status/northwind' }));
    const plain = await get(path, 'identity');
    const zipped = await get(path, 'gzip, br');
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    expect([plain.headers.get('vary'), zipped.headers.get('vary')]).toEqual(['Accept-Encoding', 'Accept-Encoding']);
    expect(zipped.headers.get('content-type')).toBe(plain.headers.get('content-type'));
    const unzipped = zipped.body?.pipeThrough(new DecompressionStream('gzip')) ?? null;
    expect(await new Response(unzipped).text()).toBe(await plain.text());

    const tags = [plain, zipped].map((answer) => answer.headers.get('etag') ?? '');
    expect(tags[0]).not.toBe(tags[1]);
    for (const [accepted, own, other] of [
      ['identity', tags[0], tags[1]],
      ['gzip', tags[1], tags[0]],
    ] as const) {
      const confirmed = await get(path, accepted, { 'If-None-Match': `W/${own}` });
      expect([confirmed.status, confirmed.headers.get('etag'), confirmed.headers.get('vary')]).toEqual([
        304,
        own,
        'Accept-Encoding',
      ]);
      expect(confirmed.headers.get('content-encoding')).toBeNull();
      expect((await get(path, accepted, { 'If-None-Match': other ?? '' })).status).toBe(200);
    }
  });

  it('is what the client likes best', async () => {
    const codingFor = async (accepted: string) => (await get(PAGE, accepted)).headers.get('content-encoding');
    expect(await codingFor('gzip;q=0, *')).toBeNull();
    expect(await codingFor('gzip;q=0.2, identity;q=0.3')).toBeNull();
    expect(await codingFor('br')).toBeNull();
    expect(await codingFor('*')).toBe('gzip');
    expect(await codingFor('identity;q=0, gzip;q=0.1')).toBe('gzip');
  });

  it('is refused to whoever accepts nothing that there is', async () => {
    const page = await get(PAGE, 'br, identity;q=0');
    expect([page.status, page.headers.get('content-encoding')]).toEqual([406, null]);
    const problem = problemSchema.parse(await (await get(SUMMARY, '*;q=0')).json());
    expect(problem.code).toBe('not_acceptable');
  });

  it('follows what the visitor accepts, where Cloudflare says it, not what the zone accepts', async () => {
    const request = new Request(`https://status.example${PAGE}`, { headers: { 'Accept-Encoding': 'gzip, br' } });
    Object.defineProperty(request, 'cf', { value: { clientAcceptEncoding: '' } });
    expect((await site.send(request)).headers.get('content-encoding')).toBeNull();
  });

  it('happens once for a change, however many ask meanwhile', async () => {
    const work = vi.spyOn(crypto.subtle, 'digest');
    const rounds = async () => {
      const before = work.mock.calls.length;
      const answers = await Promise.all(Array.from({ length: 20 }, () => get(PAGE, 'gzip')));
      expect(new Set(answers.map(({ headers }) => headers.get('etag'))).size).toBe(1);
      return work.mock.calls.length - before;
    };
    await site.get('/status/nobody');
    expect(await rounds()).toBe(1);
    expect(await rounds()).toBe(0);
    site.publish(samplePage({ name: 'Northwind Traders' }));
    site.pass(LOOKUP_INTERVAL_MS);
    expect(await rounds()).toBe(1);
  });

  it('leaves the pages of an earlier core alone, whose links differ by visitor', async () => {
    const answer = await get(SUMMARY, 'gzip');
    expect(answer.headers.get('content-encoding')).toBeNull();
    expect(answer.headers.get('vary')).toBe('Accept-Encoding, Host');
  });
});

describe('freshness', () => {
  it('asks the page object at most once in 750 ms, once for all who wait', async () => {
    await Promise.all([site.get(PAGE), site.get(SUMMARY), site.get(PAGE)]);
    await site.get(PAGE);
    expect(site.asked).toHaveLength(1);
    site.pass(LOOKUP_INTERVAL_MS);
    await Promise.all([site.get(PAGE), site.get(SUMMARY)]);
    expect(site.asked).toHaveLength(2);
  });

  it('shows a change within a second', async () => {
    expect(await indicator()).toBe('none');
    site.publish(samplePage({ components: [sampleComponent({ status: 'down' })] }));
    site.pass(LOOKUP_INTERVAL_MS - 1);
    expect(await indicator()).toBe('none');
    site.pass(1);
    expect(await indicator()).toBe('critical');
  });

  it('keeps its tag while the content is the same, whatever the revision', async () => {
    const tag = (await site.get(PAGE)).headers.get('etag');
    site.publish(samplePage());
    site.pass(LOOKUP_INTERVAL_MS);
    expect((await site.get(PAGE)).headers.get('etag')).toBe(tag);
  });

  it('moves the calendar at midnight UTC without any change of the page', async () => {
    const today = await (await site.get(PAGE)).text();
    expect(today).toContain('22 Nov 2026: 100 %');
    site.pass(10 * 3_600_000);
    const tomorrow = await (await site.get(PAGE)).text();
    expect(tomorrow).toContain('22 Nov 2026: 100 %');
    expect(tomorrow).toContain('23 Nov 2026: no data');
  });

  it('names each host in its own links', async () => {
    site.publish(samplePage({ incidents: [sampleIncident()] }));
    const summary = (await (await site.get(SUMMARY)).json()) as {
      page: { url: string };
      incidents: { shortlink: string }[];
    };
    expect(summary.page.url).toBe('https://status.example/status/northwind');
    expect(summary.incidents[0]?.shortlink).toBe('https://status.example/status/northwind#inc_1');
  });
});

describe('random hosts and queries', () => {
  it.each([PAGE, `${PAGE}/feed.atom`, SUMMARY])('make no rendering: %s', async (path) => {
    const render = vi.spyOn(crypto.subtle, 'digest');
    const first = await site.get(path);
    const rendered = render.mock.calls.length;
    for (let index = 0; index < 50; index++) {
      const answer = await site.get(`https://host-${index}.example${path}?random=${index}`);
      expect([answer.status, answer.headers.get('etag')]).toEqual([200, first.headers.get('etag')]);
    }
    expect(render.mock.calls.length).toBe(rendered);
  });
});

describe('when the page object fails', () => {
  it('serves the last good copy with a warning, then the truth again', async () => {
    await site.get(PAGE);
    site.publish(samplePage({ components: [sampleComponent({ status: 'down' })] }));
    site.breakObjects();
    site.pass(LOOKUP_INTERVAL_MS);
    const stale = await site.get(PAGE);
    expect(stale.status).toBe(200);
    expect(stale.headers.get('warning')).toBe('110 - "Response is Stale"');
    expect(stale.headers.get('cache-control')).toBe('no-cache');
    expect(await stale.text()).toContain('All systems operational');

    // Three minutes without a word from the object: what it observed then says nothing about now.
    site.pass(3 * 60_000);
    const aged = await (await site.get(PAGE)).text();
    expect(aged).not.toContain('All systems operational');
    expect(aged).toContain('No current data');

    site.repairObjects();
    site.pass(LOOKUP_INTERVAL_MS);
    const fresh = await site.get(PAGE);
    expect(fresh.headers.get('warning')).toBeNull();
    expect(await fresh.text()).toContain('Outage');
  });

  it.each([
    ['an error', async () => new Response(null, { status: 500 })],
    ['something else than a page', async () => Response.json({ revision: 1, page: { v: 2 } })],
    ['no JSON', async () => new Response('<html>')],
  ])('says so without a copy: %s', async (_, how) => {
    site.breakObjects(how);
    const page = await site.get(PAGE);
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await page.text()).toContain('says nothing about the services');
    const problem = problemSchema.parse(await (await site.get(SUMMARY)).json());
    expect(problem.code).toBe('unavailable');
  });

  it('forgets a page that was taken down', async () => {
    await site.get(PAGE);
    site.remove('northwind');
    site.pass(LOOKUP_INTERVAL_MS);
    expect((await site.get(PAGE)).status).toBe(404);
    site.breakObjects();
    site.breakDirectory();
    site.pass(LOOKUP_INTERVAL_MS);
    expect((await site.get(PAGE)).status).toBe(503);
  });

  it('finds a page although the directory of pages is away', async () => {
    site.breakDirectory();
    expect((await site.get(PAGE)).status).toBe(200);
  });
});

describe('unknown slugs', () => {
  it('never reach an object when they cannot be slugs', async () => {
    for (const slug of ['UPPER', '-x', 'x-', '%20', 'a'.repeat(64), '_assets', 'a.b']) {
      expect((await site.get(`/status/${slug}`)).status).toBe(404);
    }
    expect(site.asked).toEqual([]);
  });

  it('make no object, are remembered for a moment, and a flood of them does not evict a page', async () => {
    await site.get(PAGE);
    for (let index = 0; index < 1_500; index++) await site.get(`/status/nobody-${index}`);
    await site.get('/status/nobody-1499');
    expect(site.asked).toEqual(['northwind']);
    expect(site.lookedUp).toHaveLength(1_501);
    site.breakObjects();
    site.pass(LOOKUP_INTERVAL_MS);
    expect((await site.get(PAGE)).status).toBe(200);
    site.repairObjects();
    site.publish(samplePage({ slug: 'nobody-1499' }));
    site.pass(LOOKUP_INTERVAL_MS);
    expect((await site.get('/status/nobody-1499')).status).toBe(200);
  });
});
