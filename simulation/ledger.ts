import type { Sql } from 'postgres';
import { type IncidentChange, type IncidentState, openedIncident, reduceIncident } from '#domain/incident/incident.ts';
import type { AlertTriggeredEvent } from '#domain/wire/wire.ts';

/** The part of an alert rule that decides who is notified. */
export interface LedgerRule {
  readonly organizationId: string;
  readonly monitorId: string;
  readonly channelIds: readonly string[] | null;
  readonly notifyOnRecovery: boolean;
}

export interface LedgerChannel {
  readonly organizationId: string;
  readonly isDefault: boolean;
  enabled: boolean;
  /** True once the channel was switched off: notifications that waited then were dropped. */
  wasOff: boolean;
}

interface LedgerIncident {
  readonly organizationId: string;
  monitorId: string | null;
  readonly ruleId: string | null;
  state: IncidentState;
  readonly story: string[];
  /** The types of messages for each channel, in order. */
  readonly told: Map<string, string[]>;
}

/**
 * The model that the database is compared with: the alerts, incidents and notifications that must follow from what has
 * happened, in its order. An incident's key is its alert's id, or its own id where a person has opened it.
 */
export class Ledger {
  /** The monitors that exist. */
  readonly monitors = new Map<string, { readonly organizationId: string }>();
  /** The organisation of each monitor that has ever existed. */
  readonly owners = new Map<string, string>();
  readonly channels = new Map<string, LedgerChannel>();
  readonly rules = new Map<string, LedgerRule>();
  readonly alerts = new Map<
    string,
    { readonly organizationId: string; state: 'firing' | 'resolved'; fired: boolean }
  >();
  readonly incidents = new Map<string, LedgerIncident>();

  copy(): Ledger {
    return Object.assign(new Ledger(), structuredClone({ ...this }));
  }

  /** Records that the beginning or end of an alert reached the core, for the first time or again. */
  takeAlert(event: AlertTriggeredEvent): void {
    const { alertId, monitorId, ruleId } = event;
    const known = this.alerts.get(alertId);
    const owner = this.monitors.get(monitorId) ?? known;
    if (owner === undefined || known?.state === 'resolved') return;
    const { organizationId } = owner;
    if (event.to === 'resolved') {
      // The end came before the beginning. The beginning will change nothing when it comes.
      this.alerts.set(alertId, { organizationId, state: 'resolved', fired: known !== undefined });
      if (known === undefined) return;
      const quietly = this.rules.get(ruleId)?.notifyOnRecovery === false;
      this.changeIncident(alertId, { type: 'recover', summary: event.summary }, quietly);
    } else if (known === undefined) {
      this.alerts.set(alertId, { organizationId, state: 'firing', fired: true });
      this.openIncident(alertId, { organizationId, monitorId, ruleId });
    }
  }

  openIncident(key: string, about: Pick<LedgerIncident, 'organizationId' | 'monitorId' | 'ruleId'>): void {
    const { state, entry } = openedIncident('');
    const incident: LedgerIncident = { ...about, state, story: [entry.kind], told: new Map() };
    this.incidents.set(key, incident);
    this.#tell(incident, 'incident.opened');
  }

  /** False when the change is refused. The core must refuse it, too. */
  changeIncident(key: string, change: IncidentChange, quietly = false): boolean {
    const incident = this.incidents.get(key);
    if (incident === undefined) return false;
    const transition = reduceIncident(incident.state, change);
    if (transition.refused) return false;
    incident.state = transition.state;
    incident.story.push(transition.entry.kind);
    if (transition.webhook !== null && !quietly) this.#tell(incident, transition.webhook);
    return true;
  }

  addMonitor(monitorId: string, organizationId: string): void {
    this.monitors.set(monitorId, { organizationId });
    this.owners.set(monitorId, organizationId);
  }

  deleteMonitor(monitorId: string): boolean {
    if (!this.monitors.delete(monitorId)) return false;
    for (const [key, incident] of this.incidents) {
      if (incident.monitorId !== monitorId) continue;
      if (incident.state.status !== 'resolved') this.changeIncident(key, { type: 'recover', summary: '' });
      incident.monitorId = null;
    }
    for (const [id, rule] of this.rules) if (rule.monitorId === monitorId) this.rules.delete(id);
    return true;
  }

  #tell(incident: LedgerIncident, type: string): void {
    const channelIds = type === 'incident.opened' ? this.#openedTo(incident) : [...incident.told.keys()];
    for (const id of channelIds) incident.told.set(id, [...(incident.told.get(id) ?? []), type]);
  }

  #openedTo({ organizationId, ruleId }: LedgerIncident): string[] {
    const named = ruleId === null ? null : (this.rules.get(ruleId)?.channelIds ?? null);
    return [...this.channels]
      .filter(([, channel]) => channel.organizationId === organizationId && channel.enabled)
      .filter(([id, channel]) => (named === null ? channel.isDefault : named.includes(id)))
      .map(([id]) => id);
  }

  /** The facts that the database must hold, in the form of readFacts(). */
  facts(): Facts {
    return {
      alerts: [...this.alerts].map(([id, { state, fired }]) => `${id} ${state} ${fired}`).sort(),
      incidents: [...this.incidents]
        .map(([key, { organizationId, monitorId, state, story, told }]) => ({
          key,
          organizationId,
          monitorId,
          status: state.status,
          publicStatus: state.publicStatus,
          story: [...story].sort(),
          told: [...told].flatMap(([channelId, types]) => types.map((type) => `${channelId} ${type}`)).sort(),
        }))
        .sort(byKey),
    };
  }
}

export interface Facts {
  readonly alerts: readonly string[];
  readonly incidents: readonly {
    readonly key: string;
    readonly organizationId: string;
    readonly monitorId: string | null;
    readonly status: string;
    readonly publicStatus: string;
    /**
     * Kinds of the timeline's lines, sorted, because the clocks of edge and core decide their order. Notifications and
     * lines about pages are left out: both have invariants of their own.
     */
    readonly story: readonly string[];
    /** Channel and type of the incident's notifications, sorted. */
    readonly told: readonly string[];
  }[];
}

/** The facts as the database holds them. */
export async function readFacts(sql: Sql): Promise<Facts> {
  const alerts = await sql<{ id: string; state: string; fired: boolean }[]>`
    SELECT id, state, fired_at IS NOT NULL AS fired FROM alerts`;
  const incidents = await sql<Facts['incidents'][number][]>`
    SELECT coalesce(alert_id, id) AS key, organization_id AS "organizationId", monitor_id AS "monitorId", status,
           public_status AS "publicStatus",
           ARRAY(SELECT kind FROM incident_timeline t
                 WHERE t.incident_id = i.id AND kind NOT IN ('notification', 'published') ORDER BY kind COLLATE "C") AS story,
           ARRAY(SELECT channel_id || ' ' || type FROM notifications n
                 WHERE n.incident_id = i.id ORDER BY channel_id || ' ' || type COLLATE "C") AS told
    FROM incidents i`;
  return {
    alerts: alerts.map(({ id, state, fired }) => `${id} ${state} ${fired}`).sort(),
    incidents: incidents.map((row) => ({ ...row })).sort(byKey),
  };
}

function byKey(one: { key: string }, other: { key: string }): number {
  return one.key < other.key ? -1 : 1;
}
