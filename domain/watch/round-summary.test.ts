import { describe, expect, it } from 'vitest';
import { type FailingLocation, roundSummary } from './round-summary.ts';

const refused = (location: string): FailingLocation => ({
  location,
  reason: 'connection_refused',
  detail: 'ECONNREFUSED',
});

describe('a round in one sentence', () => {
  it.each<[string, number, FailingLocation[]]>([
    ['All 6 locations are up', 6, []],
    ['The location is up', 1, []],
    ['1 of 1 location failed: connection refused', 1, [refused('us-east')]],
    ['1 of 6 locations failed (us-east): connection refused', 6, [refused('us-east')]],
    ['2 of 6 locations failed: connection refused', 6, [refused('us-east'), refused('us-west')]],
    ['1 of 6 locations failed (us-east)', 6, [{ location: 'us-east' }]],
    [
      '3 of 6 locations failed: timed out',
      6,
      [{ location: 'us-east', reason: 'timeout' }, refused('us-west'), { location: 'eu-west', reason: 'timeout' }],
    ],
    [
      '2 of 6 locations failed: expected status to be 200-399, got 503',
      6,
      ['us-east', 'us-west'].map((location) => ({
        location,
        reason: 'status_unexpected',
        detail: 'expected status to be 200-399, got 503',
      })),
    ],
    [
      '2 of 6 locations failed: unexpected status',
      6,
      ['502', '503'].map((detail) => ({ location: detail, reason: 'status_unexpected', detail })),
    ],
  ])('%s', (sentence, asked, failing) => {
    expect(roundSummary(asked, failing)).toBe(sentence);
  });

  it('quotes a long detail in part', () => {
    const detail = 'x'.repeat(500);
    const failing = ['a', 'b'].map((location) => ({ location, reason: 'assertion_failed' as const, detail }));
    expect(roundSummary(6, failing).length).toBeLessThan(200);
  });
});
