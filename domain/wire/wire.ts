import { z } from 'zod';
import { assignedRuleSchema, severitySchema } from '../alert/alert.ts';
import { tolerant } from '../base/tolerant.ts';
import {
  checkSpecSchema,
  intervalSecondsSchema,
  locationIdSchema,
  locationsSchema,
  timeoutMsSchema,
} from '../check/monitor.ts';
import { checkResultSchema, detailSchema, outcomeSchema, reasonSchema } from '../check/result.ts';
import { VERDICTS, WATCH_STATUSES } from '../check/status.ts';

/**
 * Everything that crosses a process border, versioned (`v: 1`) and validated once by the receiver. Edge and core are
 * deployed at different moments: members, reasons and location names that the receiver does not know are carried.
 */

/** A shard object holds up to this many monitors: see ARCHITECTURE.md, "Sharded objects". */
export const SHARD_MONITORS_MAX = 200;
/** Events in one uplink batch: about 250 KB of results, one INSERT of the core. */
export const UPLINK_EVENTS_MAX = 500;
/** Largest body either side accepts from the other: 200 monitors with full-size bodies fit. */
export const SERVICE_BODY_BYTES_MAX = 16 * 1024 * 1024;
/** Checks in one probe request: a Worker invocation may wait for six response headers at once. */
export const PROBE_BATCH_MAX = 6;

/* ---- core → edge -------------------------------------------------------------------------------------- */

/** PUT /edge/v1/shards/{shard}/assignment. Applied when `version` is greater than the shard's own. */
export const assignedMonitorSchema = z
  .object({
    id: z.string().startsWith('mon_'),
    name: z.string(),
    intervalSeconds: intervalSecondsSchema,
    timeoutMs: timeoutMsSchema,
    locations: locationsSchema,
    /** false while paused: no checks, an alert that fires is resolved. */
    enabled: z.boolean(),
    quorum: z.int().min(1).nullable(),
    rules: z.array(assignedRuleSchema).max(20),
    /** Status pages that show this monitor: where its component's state goes directly. */
    components: z.array(z.object({ slug: z.string(), componentId: z.string() })).max(50),
  })
  .and(checkSpecSchema);
export type AssignedMonitor = z.infer<typeof assignedMonitorSchema>;

/** An assignment whose monitors are not looked at yet: one that nobody understands must not keep the others away. */
export const assignmentEnvelopeSchema = z.object({
  v: z.literal(1),
  shard: z.string().startsWith('shd_'),
  version: z.int().min(1),
  monitors: z.array(z.unknown()).max(SHARD_MONITORS_MAX),
});
export type AssignmentEnvelope = z.infer<typeof assignmentEnvelopeSchema>;

export const assignmentSchema = assignmentEnvelopeSchema.extend({
  monitors: z.array(assignedMonitorSchema).max(SHARD_MONITORS_MAX),
});
export type Assignment = z.infer<typeof assignmentSchema>;

/** POST /edge/v1/shards/{shard}/monitors/{monitorId}/check → 202 `{ scheduledAt }`. */
export const checkNowSchema = z.object({ v: z.literal(1), requestedAt: z.iso.datetime() });

/** POST /edge/v1/test → 200 `{ outcomes: [...] }`: an unsaved check, run once at each location. */
export const testRequestSchema = z
  .object({ v: z.literal(1), timeoutMs: timeoutMsSchema, locations: locationsSchema })
  .and(checkSpecSchema);
export type TestRequest = z.infer<typeof testRequestSchema>;
export const testAnswerSchema = z.object({
  outcomes: z.array(outcomeSchema.extend({ location: locationIdSchema, colo: z.string().max(16).nullable() })),
});
export type TestAnswer = z.infer<typeof testAnswerSchema>;

/** PUT /edge/v1/pages/{slug}: body is a PageSnapshot; DELETE forgets the page. */

/* ---- inside the edge: shard → probe Worker ------------------------------------------------------------- */

/** How long the probe Worker had the request until its head, in milliseconds: what is beyond it was the way there. */
export const PROBE_TOOK_HEADER = 'blacktide-took-ms';
/** On an answer that is whole already; any other is a stream. */
export const PROBE_COMPLETE_HEADER = 'blacktide-complete';

/** POST /probe; answered by one NDJSON line per check, those that take long as soon as they are known. */
export const probeRequestSchema = z.object({
  v: z.literal(1),
  checks: z
    .array(
      z.object({
        /** The caller's key, echoed in the answer. */
        key: z.string().max(200),
        timeoutMs: timeoutMsSchema,
        traceId: z.string(),
        /** Re-check a failing outcome at once (false for "Test now"). */
        confirm: z.boolean(),
        transcript: z.boolean(),
        /** A CheckSpec as JSON text: the same text again need not be read again. */
        spec: z.string().max(SERVICE_BODY_BYTES_MAX),
      }),
    )
    .min(1)
    .max(PROBE_BATCH_MAX),
});
export type ProbeRequest = z.infer<typeof probeRequestSchema>;
export const probeAnswerSchema = tolerant({
  key: z.string(),
  outcome: outcomeSchema,
  /** 0 when the location was too busy to make the check. */
  attempts: z.int().min(0).max(10),
  startedAt: z.iso.datetime(),
  colo: z.string().max(16).nullable(),
});
export type ProbeAnswer = z.infer<typeof probeAnswerSchema>;

/* ---- edge → core --------------------------------------------------------------------------------------- */

/** A location by its name: one that the receiver does not know is still told by it. */
const locationNameSchema = z.string().min(1).max(64);

const failingSchema = z.array(
  tolerant({ location: locationNameSchema, reason: reasonSchema.optional(), detail: detailSchema.optional() }),
);
/** The locations that fail, with what they saw. */
export type Failing = z.infer<typeof failingSchema>;

/** A monitor's status changed. `scheduledAt` is the slot of the round that changed it. */
const monitorStatusEventSchema = tolerant({
  v: z.literal(1),
  kind: z.literal('monitor.status'),
  id: z.string().startsWith('evt_'),
  monitorId: z.string().startsWith('mon_'),
  status: z.enum(WATCH_STATUSES),
  previous: z.enum(WATCH_STATUSES),
  /** Slot of the round behind the change. */
  scheduledAt: z.iso.datetime(),
  /** When it was judged. Orders the changes of one monitor (newer wins), here and in ComponentState. */
  at: z.iso.datetime(),
  failing: failingSchema,
  traceId: z.string(),
});
export type MonitorStatusEvent = z.infer<typeof monitorStatusEventSchema>;

/**
 * Why nobody can say how the target was in a round: nobody checked it (`missed`, `overloaded`), the shard was restarted
 * meanwhile (`interrupted`), the monitor was changed or paused meanwhile (`changed`, `paused`), or the probes themselves
 * failed or too few of them could vote (`too_few_votes`). A newer edge may know more.
 */
export const UNKNOWN_CAUSES = ['missed', 'overloaded', 'interrupted', 'changed', 'paused', 'too_few_votes'] as const;
export type UnknownCause = (typeof UNKNOWN_CAUSES)[number];

/**
 * A round of the schedule was judged: told once for each, whatever it came to. Verdicts are stored as told here and
 * never judged again; uptime is their integral over time.
 */
const roundJudgedEventSchema = tolerant({
  v: z.literal(1),
  kind: z.literal('round.judged'),
  /** Derived from monitor and slot. */
  id: z.string().startsWith('evt_'),
  monitorId: z.string().startsWith('mon_'),
  /** The slot. Names the round, together with the monitor. */
  scheduledAt: z.iso.datetime(),
  at: z.iso.datetime(),
  status: z.enum(VERDICTS),
  failing: failingSchema,
  /** Locations that were asked and left out of the vote: dark ones, and those whose probe itself failed. */
  excluded: z.array(locationNameSchema),
  /** Only with `unknown`. */
  cause: reasonSchema.optional(),
  /** The verdict stands until the next round, and no longer than this. */
  intervalSeconds: intervalSecondsSchema,
  traceId: z.string(),
});
export type RoundJudgedEvent = z.infer<typeof roundJudgedEventSchema>;

const checkCompletedEventSchema = tolerant({
  v: z.literal(1),
  kind: z.literal('check.completed'),
  result: checkResultSchema,
});
export type CheckCompletedEvent = z.infer<typeof checkCompletedEventSchema>;

/** An alert began or ended. Incidents are made of these. */
export const alertTriggeredEventSchema = tolerant({
  v: z.literal(1),
  kind: z.literal('alert.triggered'),
  /** Derived from alert and direction: the same change told twice has the same id. */
  id: z.string().startsWith('evt_'),
  alertId: z.string().startsWith('alr_'),
  ruleId: z.string(),
  monitorId: z.string().startsWith('mon_'),
  to: z.enum(['firing', 'resolved']),
  severity: severitySchema,
  scheduledAt: z.iso.datetime(),
  /** When it was judged. */
  at: z.iso.datetime(),
  /** One sentence for people: "4 of 6 locations failed: connection refused". */
  summary: detailSchema,
  cause: z.enum(['observed', 'paused', 'deleted', 'rule_removed']),
  failing: failingSchema,
  traceId: z.string(),
});
export type AlertTriggeredEvent = z.infer<typeof alertTriggeredEventSchema>;

/**
 * A location was excluded from verdicts, or is back; or it refused checks because too many were under way. Operators are
 * told; no monitor goes down for it.
 */
const locationStateEventSchema = tolerant({
  v: z.literal(1),
  kind: z.literal('location.state'),
  id: z.string().startsWith('evt_'),
  location: locationNameSchema,
  shard: z.string(),
  dark: z.boolean(),
  at: z.iso.datetime(),
});
export type LocationStateEvent = z.infer<typeof locationStateEventSchema>;

export const edgeEventSchema = z.discriminatedUnion('kind', [
  checkCompletedEventSchema,
  monitorStatusEventSchema,
  roundJudgedEventSchema,
  alertTriggeredEventSchema,
  locationStateEventSchema,
]);
export type EdgeEvent = z.infer<typeof edgeEventSchema>;

/**
 * POST /edge/v1/events → 202 `{ accepted }` once every event is safe (stream acknowledged, or consumer
 * committed). Events are left unvalidated here: a receiver parks the ones it does not understand. They come out of
 * JSON.parse, so asking whether they are JSON would only cost as much as reading them.
 */
export const uplinkBatchSchema = z.object({
  v: z.literal(1),
  shard: z.string(),
  events: z.array(z.unknown()).min(1).max(UPLINK_EVENTS_MAX),
});

/** GET /edge/v1/directory: what should be at the edge, by version; the edge pulls what differs. */
export const directorySchema = z.object({
  v: z.literal(1),
  shards: z.array(z.object({ shard: z.string(), version: z.int() })),
  pages: z.array(z.object({ slug: z.string(), version: z.int() })),
});
export type Directory = z.infer<typeof directorySchema>;
