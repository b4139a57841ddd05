import type { PUBLIC_INCIDENT_STATUSES } from '../page/snapshot.ts';

/**
 * The life of an incident: `open → acknowledged → resolved`, re-opened only from resolved. A pure function of (state,
 * change). The caller stores the state by compare-and-set together with the timeline entry.
 */
export const INCIDENT_STATUSES = ['open', 'acknowledged', 'resolved'] as const;
export type IncidentStatus = (typeof INCIDENT_STATUSES)[number];
export type PublicIncidentStatus = (typeof PUBLIC_INCIDENT_STATUSES)[number];

/** Why an incident reached nobody. `channel_deleted`: the last channel that was still to be told was deleted. */
export const UNREACHED_REASONS = ['no_channel', 'channels_disabled', 'all_failed', 'channel_deleted'] as const;
export type UnreachedReason = (typeof UNREACHED_REASONS)[number];

export const TIMELINE_KINDS = [
  'opened',
  'acknowledged',
  'resolved',
  'reopened',
  'note',
  'update',
  'notification',
  'recovery',
  /** Which status pages show the incident. */
  'published',
] as const;
export type TimelineKind = (typeof TIMELINE_KINDS)[number];

export const WEBHOOK_EVENT_TYPES = [
  'incident.opened',
  'incident.acknowledged',
  'incident.resolved',
  'incident.updated',
  'monitor.down',
  'monitor.up',
  'test',
] as const;
export type WebhookEventType = (typeof WEBHOOK_EVENT_TYPES)[number];

/** The reducer's state. The public status is independent of the internal one. */
export interface IncidentState {
  readonly status: IncidentStatus;
  readonly publicStatus: PublicIncidentStatus;
}

export type IncidentChange =
  | { readonly type: 'acknowledge' }
  /** Resolved by a person. */
  | { readonly type: 'resolve' }
  /** The incident's alert ended. `summary` describes the round in words. */
  | { readonly type: 'recover'; readonly summary: string }
  | { readonly type: 'reopen' }
  | { readonly type: 'note'; readonly text: string }
  /** A public update, shown on status pages. */
  | { readonly type: 'update'; readonly status: PublicIncidentStatus; readonly body: string };

/** The entry to append to the timeline; `text` is one sentence, or the person's own text. */
export interface TimelineEntryDraft {
  readonly kind: TimelineKind;
  readonly text: string;
  readonly data: Readonly<Record<string, string>>;
}

export interface IncidentTransition {
  readonly refused: false;
  readonly state: IncidentState;
  readonly entry: TimelineEntryDraft;
  /** The event to send to the channels; null when none is sent. */
  readonly webhook: WebhookEventType | null;
}

export interface IncidentRefusal {
  readonly refused: true;
  readonly reason: 'already_acknowledged' | 'already_resolved' | 'not_resolved';
  /** One sentence for people. */
  readonly message: string;
}

/** A new incident. `summary` gives the reason in one sentence. */
export function openedIncident(summary: string): IncidentTransition {
  return transition({ status: 'open', publicStatus: 'investigating' }, entry('opened', summary), 'incident.opened');
}

/** The next state with its timeline entry and event, or the reason why the change is not possible. */
export function reduceIncident(state: IncidentState, change: IncidentChange): IncidentTransition | IncidentRefusal {
  switch (change.type) {
    case 'acknowledge':
      return acknowledge(state);
    case 'resolve':
      if (state.status === 'resolved') return refusal('already_resolved', 'The incident is resolved already.');
      return resolved(entry('resolved', 'Resolved by hand.'));
    case 'recover':
      return recover(state, change.summary);
    case 'reopen':
      return reopen(state);
    case 'note':
      return transition(state, entry('note', change.text), null);
    case 'update':
      return update(state, change.status, change.body);
  }
}

function acknowledge(state: IncidentState): IncidentTransition | IncidentRefusal {
  if (state.status === 'acknowledged') {
    return refusal('already_acknowledged', 'The incident is acknowledged already.');
  }
  if (state.status === 'resolved') return refusal('already_resolved', 'A resolved incident cannot be acknowledged.');
  const text = 'Acknowledged: somebody is working on it.';
  return transition({ ...state, status: 'acknowledged' }, entry('acknowledged', text), 'incident.acknowledged');
}

/** A recovery after a person resolved the incident adds a line to the timeline and sends nothing. */
function recover(state: IncidentState, summary: string): IncidentTransition {
  if (state.status === 'resolved') return transition(state, entry('recovery', summary), null);
  return resolved(entry('resolved', summary, { automatic: 'true' }));
}

function reopen(state: IncidentState): IncidentTransition | IncidentRefusal {
  if (state.status !== 'resolved') return refusal('not_resolved', 'Only a resolved incident can be opened again.');
  // Re-opening is sent as `incident.opened`: a receiver that closed its ticket on `incident.resolved` has to open it
  // again.
  const next: IncidentState = { status: 'open', publicStatus: 'investigating' };
  return transition(next, entry('reopened', 'Opened again.'), 'incident.opened');
}

function update(
  state: IncidentState,
  publicStatus: PublicIncidentStatus,
  body: string,
): IncidentTransition | IncidentRefusal {
  if (state.status === 'resolved' && publicStatus !== 'resolved') {
    return refusal('already_resolved', `A resolved incident cannot be shown as ${publicStatus}; open it again first.`);
  }
  return transition({ ...state, publicStatus }, entry('update', body, { publicStatus }), 'incident.updated');
}

function resolved(draft: TimelineEntryDraft): IncidentTransition {
  return transition({ status: 'resolved', publicStatus: 'resolved' }, draft, 'incident.resolved');
}

function entry(kind: TimelineKind, text: string, data: Readonly<Record<string, string>> = {}): TimelineEntryDraft {
  return { kind, text, data };
}

function transition(
  state: IncidentState,
  draft: TimelineEntryDraft,
  webhook: WebhookEventType | null,
): IncidentTransition {
  // Callers pass whole rows. Only the members of the reducer's state are returned.
  const { status, publicStatus } = state;
  return { refused: false, state: { status, publicStatus }, entry: draft, webhook };
}

function refusal(reason: IncidentRefusal['reason'], message: string): IncidentRefusal {
  return { refused: true, reason, message };
}
