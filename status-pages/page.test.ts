import { describe, expect, it } from 'vitest';
import type { PageSnapshot } from '#domain/page/snapshot.ts';
import { renderPage } from './page.tsx';
import { SAMPLE_NOW_MS, sampleComponent, sampleIncident, samplePage } from './sample-page.ts';

function html(different: Partial<PageSnapshot>): string {
  return renderPage(samplePage(different), SAMPLE_NOW_MS);
}

/** The visible text of a page, without head, tags and double spaces. */
function words(different: Partial<PageSnapshot>): string {
  const body = html(different)
    .replace(/^.*<body>/s, '')
    .replace(/<script>.*<\/script>/s, '');
  return body
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/ ([.:])/g, '$1');
}

const NAUGHTY = `<img src=x onerror="alert('1')">&`;

describe('the answer', () => {
  it('comes first: the sentence, since when, and when anything last changed', () => {
    const text = words({
      components: [
        sampleComponent({ status: 'down', statusSince: '2026-11-22T14:02:00.000Z' }),
        sampleComponent({ id: 'cmp_b', status: 'down', statusSince: '2026-11-22T14:05:00.000Z' }),
        sampleComponent({ id: 'cmp_c' }),
      ],
    });
    expect(text).toContain('2 of 3 systems are down');
    expect(text).toContain('Since 22 Nov 2026, 14:02 UTC.');
    expect(text).toContain('3 components, last change 22 Nov 2026, 14:05 UTC.');
  });

  it('is in the title, the description for link previews and the mark of the tab', () => {
    const page = html({ components: [sampleComponent({ status: 'down' })] });
    expect(page).toContain('<title>Outage · Northwind</title>');
    expect(page).toContain('<meta property="og:description" content="Northwind: Outage."/>');
    expect(page).toMatch(/<link rel="icon"[^>]*rect/);
  });

  it('promises nothing before anything was checked', () => {
    expect(words({ components: [] })).toContain('Nothing is shown here yet');
    expect(words({ components: [sampleComponent({ status: 'pending' })] })).toContain('Waiting for the first checks');
  });
});

describe('components', () => {
  it('have a word and a shape for each state', () => {
    const statuses = ['up', 'degraded', 'down', 'unknown', 'pending', 'paused', 'maintenance'] as const;
    const rendered = statuses.map((status) => {
      const page = html({ components: [sampleComponent({ status })] });
      const label = /<div class="component-head">.*?<\/div>/s.exec(page)?.[0] ?? '';
      return {
        word: label.replace(/<[^>]*>/g, ''),
        shape: /<svg.*<\/svg>/s.exec(label)?.[0].replace(/class="[^"]*"/, ''),
      };
    });
    expect(rendered.map((state) => state.word)).toEqual([
      'WebsiteOperational',
      'WebsiteDegraded',
      'WebsiteDown',
      'WebsiteUnknown',
      'WebsiteNot checked yet',
      'WebsitePaused',
      'WebsiteMaintenance',
    ]);
    expect(new Set(rendered.map((state) => state.shape)).size).toBe(statuses.length);
  });

  it('stand in groups, each where its first member is, under its worst state', () => {
    const text = words({
      components: [
        sampleComponent({ id: 'cmp_1', name: 'Orders', group: 'API' }),
        sampleComponent({ id: 'cmp_2', name: 'Website' }),
        sampleComponent({ id: 'cmp_3', name: 'Search', group: 'API', status: 'degraded' }),
      ],
    });
    expect(text).toMatch(/API Degraded Orders Operational.*Search Degraded.*Website Operational/);
  });

  it('without a monitor have no bars', () => {
    const page = html({ components: [sampleComponent({ monitored: false, days: [], uptimePercent: null })] });
    expect(page).not.toContain('class="bars"');
  });
});

describe('the 90 days', () => {
  const component = sampleComponent({
    uptimePercent: 99.993,
    days: [
      { date: '2026-11-19', uptimePercent: 100, downSeconds: 0 },
      { date: '2026-11-20', uptimePercent: 98.75, downSeconds: 1080 },
      { date: '2026-11-21', uptimePercent: null, downSeconds: 0 },
      { date: '2026-11-22', uptimePercent: 99.999, downSeconds: 1 },
    ],
  });

  it('are one bar each up to today, and gaps stay gaps', () => {
    const bars = [...html({ components: [component] }).matchAll(/<i class="(\w+)" data-day="([^"]*)">/g)];
    expect(bars).toHaveLength(90);
    expect(bars[0]?.slice(1)).toEqual(['none', '25 Aug 2026: no data']);
    expect(bars.slice(-4).map((bar) => bar.slice(1))).toEqual([
      ['up', '19 Nov 2026: 100 %'],
      ['down', '20 Nov 2026: 98.75 %, down for 18 min'],
      ['none', '21 Nov 2026: no data'],
      ['degraded', '22 Nov 2026: 99.999 %, down for 1 s'],
    ]);
  });

  it('are told in words and as a table, equal neighbours in one row', () => {
    const page = html({ components: [component] });
    expect(page).toContain('aria-label="Last 90 days: downtime on 2 of 3 measured days, no data on 87."');
    const text = words({ components: [component] });
    expect(text).toContain('99.993 % uptime Today');
    expect(text).toMatch(
      /Days Uptime Downtime 22 Nov 2026 99.999 % 1 s 21 Nov 2026 no data 20 Nov 2026 98.75 % 18 min 19 Nov 2026 100 % none 25 Aug – 18 Nov 2026 no data/,
    );
  });

  it('that are not covered say since when: with the time of day when that was lately', () => {
    const since = (uptimeSince: string | null) => words({ components: [sampleComponent({ uptimeSince })] });
    expect(since('2026-11-22T09:50:07.000Z')).toContain('100 % uptime since 22 Nov 2026, 09:50 UTC Today');
    expect(since('2026-10-05T09:50:07.000Z')).toContain('100 % uptime since 5 Oct 2026 Today');
    expect(since(null)).toContain('100 % uptime Today');
  });

  it('say of how much time a percentage is, so that it agrees with the downtime', () => {
    const days = [
      { date: '2026-11-21', uptimePercent: 99.306, downSeconds: 600 },
      { date: '2026-11-22', uptimePercent: 75, downSeconds: 900, measuredSeconds: 3600 },
    ];
    const page = html({ components: [sampleComponent({ days })] });
    expect(page).toContain('data-day="21 Nov 2026: 99.306 %, down for 10 min"');
    expect(page).toContain('data-day="22 Nov 2026: 75 % of 1 h measured, down for 15 min"');
    const text = words({ components: [sampleComponent({ days })] });
    expect(text).toMatch(/22 Nov 2026 75 % of 1 h measured 15 min 21 Nov 2026 99.306 % 10 min/);
  });

  it('never call a downtime of less than a second no time', () => {
    const days = [{ date: '2026-11-22', uptimePercent: 99.999, downSeconds: 0.4 }];
    expect(html({ components: [sampleComponent({ days })] })).toContain('99.999 %, down for less than 1 s');
  });

  it('count in the singular', () => {
    expect(html({ components: [sampleComponent()] })).toContain('downtime on 0 of 1 measured day, no data on 89.');
  });

  it('go on to today when the snapshot is days old', () => {
    const page = renderPage(samplePage({ components: [component] }), SAMPLE_NOW_MS + 2 * 86_400_000);
    expect(page).toContain('22 Nov 2026: 99.999 %');
    expect(page).toContain('24 Nov 2026: no data');
  });
});

describe('incidents', () => {
  it('that are open stand above the components, with all their updates', () => {
    const text = words({
      incidents: [
        sampleIncident({
          updates: [
            { id: 'u2', status: 'identified', body: 'The disk is full.', at: '2026-11-22T14:10:00.000Z' },
            { id: 'u1', status: 'investigating', body: 'We are looking.', at: '2026-11-22T14:04:00.000Z' },
          ],
        }),
      ],
    });
    expect(text).toMatch(
      /Open now Website is down Critical Investigating Since 22 Nov 2026, 14:02 UTC Affects Website Identified 22 Nov 2026, 14:10 UTC The disk is full\. Investigating .* We are looking\. Components/,
    );
  });

  it('of the past stand on their day with how long they lasted; quiet days share a line', () => {
    const text = words({
      incidents: [
        sampleIncident({
          status: 'resolved',
          startedAt: '2026-11-18T10:00:00.000Z',
          resolvedAt: '2026-11-18T13:00:00.000Z',
          updates: [{ id: 'u1', status: 'resolved', body: 'Fixed.', at: '2026-11-18T13:00:00.000Z' }],
        }),
      ],
    });
    expect(text).toMatch(
      /19 – 22 Nov 2026 No incidents 18 Nov 2026 Website is down Critical Resolved 18 Nov 2026, 10:00 UTC Lasted 3 h Affects Website 1 update .* Fixed\. 9 – 17 Nov 2026 No incidents/,
    );
    expect(text).not.toContain('Open now');
  });

  it('of the past stand on the day they ended, and the days before say that they lasted', () => {
    const text = words({
      incidents: [
        sampleIncident({
          status: 'resolved',
          startedAt: '2026-10-30T10:00:00.000Z',
          resolvedAt: '2026-11-20T13:00:00.000Z',
        }),
      ],
    });
    expect(text).toMatch(
      /21 – 22 Nov 2026 No incidents 20 Nov 2026 Website is down Critical Resolved 30 Oct 2026, 10:00 UTC Lasted 21 d 3 h Affects Website 9 – 19 Nov 2026 Website is down lasted until 20 Nov 2026/,
    );
  });

  it('that are open are said on each day since they began; no such day says "No incidents"', () => {
    const text = words({ incidents: [sampleIncident({ startedAt: '2026-11-20T23:59:59.000Z' })] });
    expect(text).toMatch(/20 – 22 Nov 2026 Website is down is still open 9 – 19 Nov 2026 No incidents/);
    const crowded = words({
      incidents: Array.from({ length: 9 }, (_, n) =>
        sampleIncident({ id: `inc_${n}`, startedAt: '2026-01-01T00:00:00Z' }),
      ),
    });
    expect(crowded).toContain('9 – 22 Nov 2026 9 incidents lasted beyond this day.');
    expect(crowded).not.toContain('No incidents');
  });

  it('that a page has no room for are told of', () => {
    const past = words({ historySince: '2026-11-18T10:00:00.000Z' });
    expect(past).toMatch(
      /19 – 22 Nov 2026 No incidents 9 – 18 Nov 2026 There were more incidents than are shown here\./,
    );
    const open = words({ incidents: [sampleIncident()], moreOpenIncidents: 3 });
    expect(open).toContain('3 more incidents are open.');
    expect(open).toMatch(/22 Nov 2026 Website is down is still open 9 – 21 Nov 2026 There were more/);
  });
});

describe('what people wrote', () => {
  it('is text everywhere, never markup', () => {
    const page = html({
      name: NAUGHTY,
      description: NAUGHTY,
      components: [sampleComponent({ name: NAUGHTY, group: NAUGHTY, description: NAUGHTY })],
      incidents: [
        sampleIncident({
          title: NAUGHTY,
          updates: [{ id: 'u', status: 'monitoring', body: NAUGHTY, at: '2026-11-22T14:10:00.000Z' }],
        }),
      ],
    });
    expect(page).not.toContain('<img');
    expect(page).toContain('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;');
  });
});
