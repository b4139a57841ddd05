import { describe, expect, test } from 'vitest';
import { monitor } from '../fixtures/answers.ts';
import { answerOf, awaitsUptime, medianLatencyMs, selectMonitors, tagsOf } from './monitors-view.ts';

const up = monitor({ id: 'mon_a', name: 'Shop' });
const downEarly = monitor({ id: 'mon_b', name: 'Login', status: 'down', statusSince: '2026-11-22T14:02:00.000Z' });
const downLate = monitor({ id: 'mon_c', name: 'API', status: 'down', statusSince: '2026-11-22T14:30:00.000Z' });
const degraded = monitor({ id: 'mon_d', name: 'CDN', status: 'degraded', tags: ['cdn', 'production'] });
const paused = monitor({ id: 'mon_e', name: 'Old', status: 'paused' });
const pending = monitor({ id: 'mon_f', name: 'New', status: 'pending' });

describe('the answer on top of the list', () => {
  test.each([
    [
      'what is down, since the first of them',
      [up, downLate, downEarly],
      '2 of 3 monitors are down',
      downEarly.statusSince,
    ],
    ['one of many', [up, downEarly, degraded], '1 of 3 monitors is down', downEarly.statusSince],
    ['degraded where nothing is down', [up, degraded], '1 of 2 monitors is degraded', degraded.statusSince],
    ['the only one', [downEarly], 'The monitor is down', downEarly.statusSince],
    ['all is well, without those not watched', [up, up, paused, pending], 'All 2 watched monitors are up', null],
    ['nothing measured yet', [pending, paused], 'Waiting for the first results', null],
    ['nothing watched', [paused], 'The monitor is paused', null],
    ['nothing at all', [], 'No monitors yet', null],
  ])('%s', (_, monitors, text, since) => {
    expect(answerOf(monitors)).toEqual({ text, since });
  });
});

describe('the list', () => {
  const all = [up, paused, downLate, degraded, downEarly];

  test('puts first what needs someone, then goes by name', () => {
    expect(selectMonitors(all, {}).map(({ name }) => name)).toEqual(['API', 'Login', 'CDN', 'Shop', 'Old']);
  });

  test('is filtered by words, status and tag together', () => {
    expect(selectMonitors(all, { q: ' log' })).toEqual([downEarly]);
    expect(selectMonitors(all, { q: 'SHOP.EXAMPLE' })).toHaveLength(5);
    expect(selectMonitors(all, { status: 'down' })).toEqual([downLate, downEarly]);
    expect(selectMonitors(all, { tag: 'cdn', status: 'down' })).toEqual([]);
  });

  test('knows every tag once', () => {
    expect(tagsOf(all)).toEqual(['cdn', 'production']);
  });
});

test('the median is of locations that answered', () => {
  expect(medianLatencyMs(up.locations)).toBe(50);
  const [first, second] = up.locations;
  if (first === undefined || second === undefined) throw new Error('the fixture has two locations');
  expect(medianLatencyMs([first, { ...second, status: 'down', responseTimeMs: 9000 }])).toBe(80);
  expect(medianLatencyMs([])).toBeNull();
});

test('a figure of uptime is awaited where rounds have been judged, and nowhere else', () => {
  expect(awaitsUptime(monitor({ uptime24h: null }))).toBe(true);
  expect(awaitsUptime(monitor({ uptime24h: 100 }))).toBe(false);
  expect(awaitsUptime(monitor({ uptime24h: null, status: 'pending' }))).toBe(false);
  expect(awaitsUptime(monitor({ uptime24h: null, status: 'paused' }))).toBe(false);
});
