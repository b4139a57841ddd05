import type { Severity } from '../alert/alert.ts';
import type { PublicIncidentStatus, UnreachedReason, WebhookEventType } from './incident.ts';

/** Severities and statuses of incidents in words. */

export const SEVERITY_WORDS = {
  critical: 'Critical',
  major: 'Major',
  minor: 'Minor',
  info: 'Info',
} as const satisfies Record<Severity, string>;

export const PUBLIC_STATUS_WORDS = {
  investigating: 'Investigating',
  identified: 'Identified',
  monitoring: 'Monitoring',
  resolved: 'Resolved',
} as const satisfies Record<PublicIncidentStatus, string>;

/** Why an incident reached nobody, as the end of a sentence. */
export const UNREACHED_WORDS = {
  no_channel: 'no channel is to be told about it',
  channels_disabled: 'every channel that is to be told is switched off',
  all_failed: 'every message to a channel failed',
  channel_deleted: 'the channel that was to be told was deleted',
} as const satisfies Record<UnreachedReason, string>;

/** The line of the timeline of an incident that reached nobody. */
export function unreachedSentence(reason: UnreachedReason): string {
  return `It reached nobody: ${UNREACHED_WORDS[reason]}.`;
}

/** What a message says, behind "told" or "could not tell". */
export const MESSAGE_WORDS = {
  'incident.opened': 'that the incident opened',
  'incident.acknowledged': 'that somebody is working on it',
  'incident.resolved': 'that the incident is resolved',
  'incident.updated': 'of the public update',
  'monitor.down': 'that the monitor is down',
  'monitor.up': 'that the monitor is up',
  test: 'of a test',
} as const satisfies Record<WebhookEventType, string>;
