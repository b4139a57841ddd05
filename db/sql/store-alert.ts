import { sql } from 'drizzle-orm';
import type { AlertTriggeredEvent } from '#domain/wire/wire.ts';
import type { Executor } from './executor.ts';

/**
 * The alert's state by compare-and-set, firing before resolved. `fired` and `resolved` are returned to exactly one of
 * all who bring the change: that one owns what follows. A resolution that comes first is kept, so that the firing, when
 * it comes, changes nothing and pages nobody.
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
