import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PageSnapshot } from '#domain/page/snapshot.ts';
import { ATLASSIAN_DOCUMENTS } from './atlassian.ts';
import { renderAtom } from './atom.ts';
import { sampleComponent, sampleIncident, samplePage } from './sample-page.ts';

const URL_OF_PAGE = 'https://status.example/status/northwind';

const page: PageSnapshot = samplePage({
  components: [
    sampleComponent({ id: 'cmp_1', name: 'Website' }),
    sampleComponent({
      id: 'cmp_2',
      name: 'Orders',
      group: 'API',
      status: 'down',
      statusSince: '2026-11-22T14:02:00.000Z',
    }),
    sampleComponent({ id: 'cmp_3', name: 'Search', group: 'API', description: 'Full text' }),
  ],
  incidents: [
    sampleIncident({
      id: 'inc_2',
      title: 'Orders <are> down & out',
      componentIds: ['cmp_2'],
      updates: [
        { id: 'u2', status: 'monitoring', body: 'Watching\u0000 it.', at: '2026-11-22T14:10:00.000Z' },
        { id: 'u1', status: 'investigating', body: 'Looking.', at: '2026-11-22T14:04:00.000Z' },
      ],
    }),
    sampleIncident({
      id: 'inc_1',
      status: 'resolved',
      severity: 'info',
      resolvedAt: '2026-11-18T13:00:00.000Z',
      componentIds: [],
    }),
  ],
});

describe("Atlassian's shape", () => {
  it('summary.json: page, status, components with their groups, open incidents', () => {
    const summary = ATLASSIAN_DOCUMENTS['summary.json'](page, URL_OF_PAGE);
    const orders = {
      id: 'cmp_2',
      name: 'Orders',
      status: 'major_outage',
      created_at: '2026-05-01T00:00:00.000Z',
      updated_at: '2026-11-22T14:02:00.000Z',
      description: null,
      showcase: true,
      start_date: '2026-05-01',
      group_id: expect.stringMatching(/^cmp_/),
      page_id: 'stp_1',
      group: false,
      only_show_if_degraded: false,
    };
    expect(summary).toEqual({
      page: {
        id: 'stp_1',
        name: 'Northwind',
        url: 'https://status.example/status/northwind',
        time_zone: 'Etc/UTC',
        updated_at: '2026-11-22T14:04:00.000Z',
      },
      status: { indicator: 'major', description: '1 of 3 systems is down' },
      components: [
        expect.objectContaining({ id: 'cmp_1', status: 'operational', group_id: null, position: 1 }),
        expect.objectContaining({
          name: 'API',
          group: true,
          status: 'partial_outage',
          components: ['cmp_2', 'cmp_3'],
          position: 2,
        }),
        { ...orders, position: 3 },
        expect.objectContaining({ id: 'cmp_3', description: 'Full text', position: 4 }),
      ],
      incidents: [
        {
          id: 'inc_2',
          name: 'Orders <are> down & out',
          status: 'investigating',
          created_at: '2026-11-22T14:02:00.000Z',
          updated_at: '2026-11-22T14:04:00.000Z',
          monitoring_at: '2026-11-22T14:10:00.000Z',
          resolved_at: null,
          impact: 'critical',
          shortlink: 'https://status.example/status/northwind#inc_2',
          started_at: '2026-11-22T14:02:00.000Z',
          page_id: 'stp_1',
          incident_updates: [
            expect.objectContaining({ id: 'u2', status: 'monitoring', incident_id: 'inc_2' }),
            {
              id: 'u1',
              status: 'investigating',
              body: 'Looking.',
              incident_id: 'inc_2',
              created_at: '2026-11-22T14:04:00.000Z',
              updated_at: '2026-11-22T14:04:00.000Z',
              display_at: '2026-11-22T14:04:00.000Z',
              affected_components: [{ code: 'cmp_2', name: 'Orders' }],
              deliver_notifications: false,
              custom_tweet: null,
              tweet_id: null,
            },
          ],
          components: [{ ...orders, position: 3 }],
        },
      ],
      scheduled_maintenances: [],
    });
  });

  it('a group keeps its id, and its members name it', () => {
    const components = () =>
      ATLASSIAN_DOCUMENTS['components.json'](page, URL_OF_PAGE).components as { id: string; group_id: string | null }[];
    const [, group, orders] = components();
    expect(orders?.group_id).toBe(group?.id);
    expect(components()[1]?.id).toBe(group?.id);
  });

  it('incidents.json has all, incidents/unresolved.json the open ones', () => {
    const ids = (name: 'incidents.json' | 'incidents/unresolved.json') =>
      (ATLASSIAN_DOCUMENTS[name](page, URL_OF_PAGE).incidents as { id: string; impact: string }[]).map((incident) => [
        incident.id,
        incident.impact,
      ]);
    expect(ids('incidents.json')).toEqual([
      ['inc_2', 'critical'],
      ['inc_1', 'none'],
    ]);
    expect(ids('incidents/unresolved.json')).toEqual([['inc_2', 'critical']]);
  });

  it('says operational where nothing failed', () => {
    const status = ATLASSIAN_DOCUMENTS['status.json'](samplePage(), URL_OF_PAGE).status;
    expect(status).toEqual({ indicator: 'none', description: 'All systems operational' });
  });
});

describe('the Atom feed', () => {
  const feed = renderAtom(page, URL_OF_PAGE);

  it('has an entry per incident that keeps its id and changes with its updates', () => {
    expect(feed.match(/<entry>/g)).toHaveLength(2);
    expect(feed).toContain('<id>tag:blacktide.dev,2026-11-22:inc_2</id>');
    expect(feed).toContain('<updated>2026-11-22T14:04:00.000Z</updated>');
    expect(feed).toContain('22 Nov 2026, 14:04 UTC, investigating: Looking.');
    expect(feed).toContain('href="https://status.example/status/northwind#inc_2"');
  });

  it('holds text as text, and marks the place of what XML cannot hold', () => {
    expect(feed).toContain('Orders &lt;are&gt; down &amp; out');
    expect(feed).toContain('Watching\ufffd it.');
  });

  it('is well-formed, whatever people and the core wrote', () => {
    // Every code unit, alone surrogates and non-characters included, mixed with what XML means something by.
    const text = fc.oneof(
      fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 20 }),
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(
        ']]>',
        '<!--',
        '&#0;',
        '&amp;',
        '<a b="',
        `'"`,
        '\ufffe',
        '\uffff',
        '\ud800',
        '\u{1fffe}',
        '\x7f\x85',
      ),
    );
    fc.assert(
      fc.property(text, text, text, text, (name, title, body, path) => {
        const written = renderAtom(
          samplePage({
            name,
            pageId: `stp_${path}`,
            incidents: [
              sampleIncident({
                id: `inc_${path}`,
                title,
                updates: [{ id: 'u', status: 'monitoring', body, at: '2026-11-22T14:10:00.000Z' }],
              }),
            ],
          }),
          `https://status.example/${path}`,
        );
        const document = parseXml(written);
        expect(document.text('feed/title')).toBe(`${readable(name)}: incidents`);
        expect(document.text('feed/entry/title')).toBe(`${readable(title)} (investigating)`);
        expect(document.text('feed/entry/content')).toContain(readable(body));
      }),
      { numRuns: 2_000 },
    );
  });
});

/** What a reader of XML 1.0 gets of a text. Line ends become \n (section 2.11). */
function readable(text: string): string {
  return [...text]
    .map((character) => (isChar(character.codePointAt(0) ?? 0) ? character : '\ufffd'))
    .join('')
    .replace(/\r\n?/g, '\n');
}

/** XML 1.0, section 2.2, production 2. */
function isChar(code: number): boolean {
  return (
    code === 0x9 ||
    code === 0xa ||
    code === 0xd ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff)
  );
}

/** A strict reader of the XML that a feed may use: elements, attributes, the five entities; anything else throws. */
function parseXml(source: string): { text(path: string): string | undefined } {
  for (const character of source) {
    const code = character.codePointAt(0) ?? 0;
    if (!isChar(code)) throw new Error(`U+${code.toString(16)} is not allowed in XML`);
  }
  const declaration = '<?xml version="1.0" encoding="utf-8"?>\n';
  if (!source.startsWith(declaration)) throw new Error('no declaration');
  const open: string[] = [];
  const texts = new Map<string, string>();
  let rest = source.slice(declaration.length).replace(/\r\n?/g, '\n');
  while (rest !== '') {
    const tag = /^<(\/?)([A-Za-z]+)((?:\s+[A-Za-z:]+="[^"<]*")*)(\/?)>/.exec(rest);
    const text = /^[^<]+/.exec(rest)?.[0];
    if (tag !== null) {
      const [whole, closing, name = '', attributes = '', empty] = tag;
      unescaped(attributes);
      if (closing === '/' && open.pop() !== name) throw new Error(`</${name}> closes nothing`);
      if (closing === '' && empty === '') {
        if (open.length === 0 && texts.size > 0 && texts.has(name)) throw new Error('a second root');
        open.push(name);
        texts.set(open.join('/'), texts.get(open.join('/')) ?? '');
      }
      rest = rest.slice(whole.length);
    } else if (text !== undefined) {
      if (text.includes(']]>')) throw new Error(']]> stands in text');
      const path = open.join('/');
      if (path === '' && text.trim() !== '') throw new Error('text outside of the root');
      texts.set(path, `${texts.get(path) ?? ''}${unescaped(text)}`);
      rest = rest.slice(text.length);
    } else {
      throw new Error(`not a tag: ${rest.slice(0, 40)}`);
    }
  }
  if (open.length > 0) throw new Error(`<${open.at(-1)}> is not closed`);
  return { text: (path) => texts.get(path) };
}

function unescaped(text: string): string {
  return text.replace(/&([^;]*;?)/g, (whole, name: string) => {
    const character = { 'amp;': '&', 'lt;': '<', 'gt;': '>', 'quot;': '"', 'apos;': "'" }[name];
    if (character === undefined) throw new Error(`${whole} is no entity`);
    return character;
  });
}
