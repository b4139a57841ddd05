import { describe, expect, it } from 'vitest';
import { edgeEventSchema, probeAnswerSchema } from './wire.ts';

/** Text that a target may send and PostgreSQL refuses. */
const HOSTILE = 'got "a\u0000b\ud83d"';
const STORABLE = 'got "a\ufffdb\ufffd"';
const AT = '2026-11-22T18:00:00.000Z';
const failing = [{ location: 'eu-west', reason: 'assertion_failed', detail: HOSTILE }];
const common = { v: 1, id: 'evt_1', monitorId: 'mon_1', scheduledAt: AT, at: AT, failing, traceId: '0'.repeat(32) };

describe('text that quotes a target', () => {
  it.each<[string, object]>([
    ['a status change', { ...common, kind: 'monitor.status', status: 'down', previous: 'up' }],
    [
      'an alert',
      {
        ...common,
        kind: 'alert.triggered',
        alertId: 'alr_1',
        ruleId: 'rul_default',
        to: 'firing',
        severity: 'critical',
        cause: 'observed',
        summary: HOSTILE,
      },
    ],
    [
      'a result',
      {
        v: 1,
        kind: 'check.completed',
        result: {
          ...{ id: 'chk_1', monitorId: 'mon_1', location: 'eu-west', colo: null, scheduledAt: AT, startedAt: AT },
          ...{ outcome: 'failure', reason: 'assertion_failed', detail: HOSTILE, responseTimeMs: null },
          ...{ attempts: 1, manual: false, traceId: '0'.repeat(32) },
        },
      },
    ],
  ])('is storable once %s has been read', (_kind, event) => {
    const text = JSON.stringify(edgeEventSchema.parse(JSON.parse(JSON.stringify(event))));
    expect(text).not.toContain('\\u0000');
    expect(text).not.toContain('\\ud83d');
    expect(text).toContain(JSON.stringify(STORABLE).slice(1, -1));
  });

  it('is so already when a probe has answered', () => {
    const outcome = { outcome: 'failure', reason: 'assertion_failed', detail: HOSTILE, responseTimeMs: null };
    const answer = probeAnswerSchema.parse({ key: 'a', outcome, attempts: 1, startedAt: AT, colo: null });
    expect(answer.outcome.detail).toBe(STORABLE);
  });
});
