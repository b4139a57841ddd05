import { describe, expect, test } from 'vitest';
import { alertRuleCreateSchema, alertRuleSchema } from '#domain/api/alerting.ts';
import { MONITOR_ID } from '../fixtures/answers.ts';
import { EMPTY_RULE, ruleDraftOf, ruleRequestOf, toldBy } from './alert-rule-draft.ts';

const rule = alertRuleSchema.parse({
  id: 'rul_1',
  name: 'Page the on-call',
  monitorId: MONITOR_ID,
  condition: { type: 'consecutiveFailures', count: 3 },
  severity: 'major',
  recoveryCount: 2,
  channelIds: ['chn_1'],
  notifyOnRecovery: false,
  runbookUrl: 'https://wiki.example/shop',
  createdAt: '2026-11-22T14:00:00.000Z',
  updatedAt: '2026-11-22T14:00:00.000Z',
});

describe('the form of an alert rule', () => {
  test('sends back what was read', () => {
    const { id: _, createdAt: _1, updatedAt: _2, ...written } = rule;
    expect(ruleRequestOf(MONITOR_ID, ruleDraftOf(rule))).toEqual(written);
  });

  test('needs a name and nothing else', () => {
    const problems = (name: string) =>
      alertRuleCreateSchema
        .safeParse(ruleRequestOf(MONITOR_ID, { ...EMPTY_RULE, name }))
        .error?.issues.map(({ path }) => path.join('.'));
    expect(problems('')).toEqual(['name']);
    expect(problems('On-call')).toBeUndefined();
  });

  test('sends no runbook where none is typed', () => {
    expect(ruleRequestOf(MONITOR_ID, { ...EMPTY_RULE, runbookUrl: ' ' }).runbookUrl).toBeNull();
  });
});

test.each([
  [{ channelIds: null, notifyOnRecovery: true }, 'all default channels'],
  [{ channelIds: null, notifyOnRecovery: false }, 'all default channels, but not when it resolves'],
  [{ channelIds: ['chn_2', 'chn_1'], notifyOnRecovery: true }, 'Chat, Pager'],
  [{ channelIds: ['chn_9'], notifyOnRecovery: true }, 'a channel'],
  [{ channelIds: [], notifyOnRecovery: false }, 'nobody'],
])('%j tells %s', (part, words) => {
  const channels = [
    { id: 'chn_1', name: 'Pager' },
    { id: 'chn_2', name: 'Chat' },
  ];
  expect(toldBy(part, channels)).toBe(words);
});
