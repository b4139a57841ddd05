import { sql } from 'drizzle-orm';
import type { AlertTriggeredEvent } from '#domain/wire/wire.ts';
import type { Executor } from './executor.ts';

/**
 * Stores the alert's state by compare-and-set, firing before resolved. `fired` or `resolved` is returned to exactly
 * one of all callers with the same change; that caller writes the consequences. A resolution that arrives before its
 * firing is stored, so the later firing changes nothing and notifies nobody.
 */
export async function storeAlert(
  db: Executor,
  organizationId: string,
  event: AlertTriggeredEvent,
): Promise<'fired' | 'resolved' | 'nothing'> {
  const { alertId, monitorId, ruleId, severity, at } = event;
  if (event.to === 'firing') {
    const inserted = await db.execute(sql`
      INSERT INTO alerts (id, organization_id, monitor_id, rule_id, severity, state, fired_at)
      VALUES (${alertId}, ${organizationId}, ${monitorId}, ${ruleId}, ${severity}, 'firing', ${at})
      ON CONFLICT DO NOTHING RETURNING id`);
    return inserted.length === 1 ? 'fired' : 'nothing';
  }
  const resolved = await db.execute(sql`
    INSERT INTO alerts AS known (id, organization_id, monitor_id, rule_id, severity, state, resolved_at)
    VALUES (${alertId}, ${organizationId}, ${monitorId}, ${ruleId}, ${severity}, 'resolved', ${at})
    ON CONFLICT (id) DO UPDATE SET state = 'resolved', resolved_at = excluded.resolved_at
    WHERE known.state = 'firing'
    RETURNING fired_at IS NOT NULL AS had_fired`);
  return resolved[0]?.had_fired === true ? 'resolved' : 'nothing';
}
