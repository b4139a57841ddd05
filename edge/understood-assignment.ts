import { z } from 'zod';
import {
  type AssignedMonitor,
  type Assignment,
  type AssignmentEnvelope,
  assignedMonitorSchema,
} from '#domain/wire/wire.ts';
import { log } from './log.ts';

/** An assignment as far as this edge understands it. */
export interface UnderstoodAssignment extends Assignment {
  /** Ids of monitors that it does not understand, null for an unreadable id. The core may be newer. */
  readonly notUnderstood: readonly (string | null)[];
}

const assignedMonitorId = z.object({ id: z.string() });

/** Reads each monitor by itself. A monitor that is not understood is logged and left out. */
export function understood({ monitors, ...envelope }: AssignmentEnvelope): UnderstoodAssignment {
  const taken: AssignedMonitor[] = [];
  const notUnderstood: (string | null)[] = [];
  for (const monitor of monitors) {
    const parsed = assignedMonitorSchema.safeParse(monitor);
    if (parsed.success) {
      taken.push(parsed.data);
      continue;
    }
    const monitorId = assignedMonitorId.safeParse(monitor).data?.id ?? null;
    const reason = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    log('error', 'a monitor is not understood here and not checked', { shard: envelope.shard, monitorId, reason });
    notUnderstood.push(monitorId);
  }
  return { ...envelope, monitors: taken, notUnderstood };
}
