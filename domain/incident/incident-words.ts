import type { Severity } from '../alert/alert.ts';
import type { PublicIncidentStatus } from './incident.ts';

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
