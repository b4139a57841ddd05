import { z } from 'zod';
import { checkResultSchema } from '../check/result.ts';
import { MONITOR_STATUSES } from '../check/status.ts';
import { incidentSchema } from './alerting.ts';
import { timestamp } from './common.ts';

/** Events of `GET /stream`: one JSON object per message (WebSocket) or event (SSE), for one organisation. */
export const liveEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), at: timestamp }),
  z.object({ type: z.literal('result'), data: checkResultSchema }),
  z.object({
    type: z.literal('monitor.status'),
    data: z.object({
      monitorId: z.string(),
      status: z.enum(MONITOR_STATUSES),
      previous: z.enum(MONITOR_STATUSES),
      since: timestamp,
    }),
  }),
  z.object({
    type: z.literal('alert'),
    data: z.object({ alertId: z.string(), monitorId: z.string(), to: z.enum(['firing', 'resolved']), at: timestamp }),
  }),
  z.object({ type: z.literal('incident'), data: incidentSchema }),
]);
export type LiveEvent = z.infer<typeof liveEventSchema>;
