import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import type { TimelineEntry } from '#domain/api/alerting.ts';
import { unreachedSentence } from '#domain/incident/incident-words.ts';
import { PUBLIC_INCIDENT_STATUSES } from '#domain/page/snapshot.ts';
import { Entry } from './incident-page.tsx';

/** The text of a line of the timeline. */
function line(patch: Partial<TimelineEntry>, said?: string): string {
  const entry: TimelineEntry = {
    id: 'evt_1',
    kind: 'opened',
    at: '2026-11-22T14:02:00.000Z',
    actor: { type: 'user', id: 'usr_1', name: 'Ada' },
    text: '6 of 6 locations failed',
    data: {},
    ...patch,
  };
  const html = renderToStaticMarkup(
    <QueryClientProvider client={new QueryClient()}>
      <Entry entry={entry} said={said ?? ''} />
    </QueryClientProvider>,
  );
  return html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
}

test.each(PUBLIC_INCIDENT_STATUSES)('a public update shows its status: %s', (publicStatus) => {
  expect(line({ kind: 'update', text: 'We found it.', data: { publicStatus } })).toMatch(
    new RegExp(`Public update: ${publicStatus} .* We found it\\.`),
  );
});

test('the first line does not repeat what the head of the page says', () => {
  expect(line({}, '6 of 6 locations failed')).not.toContain('locations');
  expect(line({}, 'Payments fail')).toContain('6 of 6 locations failed');
});

test('the line that nobody was reached does not repeat the notice', () => {
  const sentence = unreachedSentence('no_channel');
  const entry = { kind: 'notification', text: sentence } as const;
  expect(line(entry, sentence)).toMatch(/^ Nobody reached (?!.*channel)/);
  expect(line(entry)).toContain(`Notification`);
  expect(line(entry)).toContain(sentence);
});
