import type { Severity } from '#domain/alert/alert.ts';
import type { AlertRule } from '#domain/api/alerting.ts';

/** An alert rule in its form; pure. */
export interface AlertRuleDraft {
  readonly name: string;
  readonly count: string;
  readonly recoveryCount: string;
  readonly severity: Severity;
  /** null stands for all default channels. */
  readonly channelIds: readonly string[] | null;
  readonly notifyOnRecovery: boolean;
  readonly runbookUrl: string;
}

/** Two rounds: most own rules are to fire a little later than the default rule. */
export const EMPTY_RULE: AlertRuleDraft = {
  name: '',
  count: '2',
  recoveryCount: '1',
  severity: 'critical',
  channelIds: null,
  notifyOnRecovery: true,
  runbookUrl: '',
};

export function ruleDraftOf(rule: AlertRule): AlertRuleDraft {
  return {
    name: rule.name,
    count: String(rule.condition.count),
    recoveryCount: String(rule.recoveryCount),
    severity: rule.severity,
    channelIds: rule.channelIds,
    notifyOnRecovery: rule.notifyOnRecovery,
    runbookUrl: rule.runbookUrl ?? '',
  };
}

/** The body of POST /alert-rules, not yet validated. */
export function ruleRequestOf(monitorId: string, draft: AlertRuleDraft) {
  return {
    name: draft.name.trim(),
    monitorId,
    condition: { type: 'consecutiveFailures' as const, count: Number(draft.count) },
    recoveryCount: Number(draft.recoveryCount),
    severity: draft.severity,
    channelIds: draft.channelIds === null ? null : [...draft.channelIds],
    notifyOnRecovery: draft.notifyOnRecovery,
    runbookUrl: draft.runbookUrl.trim() === '' ? null : draft.runbookUrl.trim(),
  };
}

/** The channels of a rule, in words that follow "tells". */
export function toldBy(
  { channelIds, notifyOnRecovery }: Pick<AlertRule, 'channelIds' | 'notifyOnRecovery'>,
  channels: readonly { readonly id: string; readonly name: string }[],
): string {
  if (channelIds?.length === 0) return 'nobody';
  const who =
    channelIds === null
      ? 'all default channels'
      : channelIds.map((id) => channels.find((channel) => channel.id === id)?.name ?? 'a channel').join(', ');
  return notifyOnRecovery ? who : `${who}, but not when it resolves`;
}
