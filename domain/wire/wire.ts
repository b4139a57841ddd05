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
 * Every message that crosses a process border, versioned (`v: 1`) and validated once by the receiver. Edge and core are
 * deployed at different times: members, reasons and location names that the receiver does not know are kept unchanged.
 */

/** Most monitors of a shard object: see ARCHITECTURE.md. */
export const SHARD_MONITORS_MAX = 200;
/** Most events of one uplink batch: about 250 KB of results, one INSERT in the core. */
export const UPLINK_EVENTS_MAX = 500;
/** Largest body of a request between core and edge: 200 monitors with full-size bodies fit. */
export const SERVICE_BODY_BYTES_MAX = 16 * 1024 * 1024;
/** Checks in one probe request: a Worker invocation may wait for at most six response headers at a time. */
export const PROBE_BATCH_MAX = 6;

/* ---- core → edge -------------------------------------------------------------------------------------- */

/** PUT /edge/v1/shards/{shard}/assignment. Applied when `version` is greater than the shard's own. */
export const assignedMonitorSchema = z
  .object({
    id: z.string().startsWith('mon_'),
    name: z.string(),
    /** Whose monitor it is: what one organization costs the edge is bounded. An older core does not say. */
    organization: z.string().optional(),
    intervalSeconds: intervalSecondsSchema,
    timeoutMs: timeoutMsSchema,
    locations: locationsSchema,
    /** false while paused: no checks are made, and a firing alert is resolved. */
    enabled: z.boolean(),
    quorum: z.int().min(1).nullable(),
    rules: z.array(assignedRuleSchema).max(20),
    /** Components of status pages that show this monitor. The shard sends their state to the page objects directly. */
    components: z.array(z.object({ slug: z.string(), componentId: z.string() })).max(50),
  })
  .and(checkSpecSchema);
export type AssignedMonitor = z.infer<typeof assignedMonitorSchema>;

/** An assignment whose monitors are validated one by one later, so that an invalid one does not block the others. */
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
  .object({
    v: z.literal(1),
    timeoutMs: timeoutMsSchema,
    locations: locationsSchema,
    /** Who asks. An older core does not say. */
    organization: z.string().optional(),
  })
  .and(checkSpecSchema);
export type TestRequest = z.infer<typeof testRequestSchema>;
export const testAnswerSchema = z.object({
  outcomes: z.array(outcomeSchema.extend({ location: locationIdSchema, colo: z.string().max(16).nullable() })),
});
export type TestAnswer = z.infer<typeof testAnswerSchema>;

/** PUT /edge/v1/pages/{slug}: the body is a PageSnapshot. DELETE removes the page. */

/* ---- inside the edge: shard → probe Worker ------------------------------------------------------------- */

/**
 * Milliseconds that the probe Worker took until the head of its answer. The rest of the elapsed time is the way between
 * the Workers.
 */
export const PROBE_TOOK_HEADER = 'blacktide-took-ms';
/** Marks an answer that is complete; an answer without it is streamed. */
export const PROBE_COMPLETE_HEADER = 'blacktide-complete';

/** POST /probe. The answer is one NDJSON line per check; slow checks are streamed as soon as they end. */
export const probeRequestSchema = z.object({
  v: z.literal(1),
  checks: z
    .array(
      z.object({
        /** The caller's key, repeated in the answer. */
        key: z.string().max(200),
        timeoutMs: timeoutMsSchema,
        traceId: z.string(),
        /** Check again at once after a failure (false for "Test now"). */
        confirm: z.boolean(),
        transcript: z.boolean(),
        /** Whose check it is: absent in a test, and where it is not known. */
        monitor: z.string().optional(),
        organization: z.string().optional(),
        /** A CheckSpec as JSON text. The Worker does not parse an equal text twice. */
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
  /** 0 when the location refused the check for lack of capacity. */
  attempts: z.int().min(0).max(10),
  startedAt: z.iso.datetime(),
  colo: z.string().max(16).nullable(),
});
export type ProbeAnswer = z.infer<typeof probeAnswerSchema>;

/* ---- edge → core --------------------------------------------------------------------------------------- */

/** The name of a location. A location that the receiver does not know is kept by its name. */
const locationNameSchema = z.string().min(1).max(64);

const failingSchema = z.array(
  tolerant({ location: locationNameSchema, reason: reasonSchema.optional(), detail: detailSchema.optional() }),
);
/** The failing locations, with the reason and detail of each. */
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
  /** When the round was judged. Orders the changes of one monitor (newer wins), here and in ComponentState. */
  at: z.iso.datetime(),
  failing: failingSchema,
  traceId: z.string(),
});
export type MonitorStatusEvent = z.infer<typeof monitorStatusEventSchema>;

/**
 * Causes of an `unknown` verdict: no check was made (`missed`, `overloaded`), the shard restarted meanwhile
 * (`interrupted`), the monitor was changed or paused meanwhile (`changed`, `paused`), or the probes themselves failed
 * or too few of them could vote (`too_few_votes`). A newer edge may send others.
 */
export const UNKNOWN_CAUSES = ['missed', 'overloaded', 'interrupted', 'changed', 'paused', 'too_few_votes'] as const;
export type UnknownCause = (typeof UNKNOWN_CAUSES)[number];

/**
 * A round of the schedule was judged; sent once for each round, whatever the verdict. Verdicts are stored as sent and
 * never judged again. Uptime is computed from them.
 */
const roundJudgedEventSchema = tolerant({
  v: z.literal(1),
  kind: z.literal('round.judged'),
  /** Derived from monitor and slot. */
  id: z.string().startsWith('evt_'),
  monitorId: z.string().startsWith('mon_'),
  /** The round's slot. Monitor and slot name the round. */
  scheduledAt: z.iso.datetime(),
  at: z.iso.datetime(),
  status: z.enum(VERDICTS),
  failing: failingSchema,
  /** Locations of the round without a vote: dark ones, and those whose probe itself failed. */
  excluded: z.array(locationNameSchema),
  /** Present with `unknown` only. */
  cause: reasonSchema.optional(),
  /** The verdict stands until the next round, at most this long. */
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

/**
 * Checks of one round that were not made, or whose location did not answer: for one reason, at one or several locations.
 * Each of them is a result all the same (results.ts). One event for all, because an installation that is short of
 * time sheds most of its checks this way.
 */
const checkMissedEventSchema = tolerant({
  v: z.literal(1),
  kind: z.literal('check.missed'),
  /** Derived from monitor, slot and locations. */
  id: z.string().startsWith('evt_'),
  monitorId: z.string().startsWith('mon_'),
  locations: z.array(checkResultSchema.shape.location).min(1),
  scheduledAt: z.iso.datetime(),
  manual: z.boolean(),
  reason: reasonSchema,
  detail: detailSchema,
  traceId: z.string().length(32),
});
export type CheckMissedEvent = z.infer<typeof checkMissedEventSchema>;

/** An alert began or ended. The core opens and resolves incidents by these. */
export const alertTriggeredEventSchema = tolerant({
  v: z.literal(1),
  kind: z.literal('alert.triggered'),
  /** Derived from alert and direction: a repeated send has the same id. */
  id: z.string().startsWith('evt_'),
  alertId: z.string().startsWith('alr_'),
  ruleId: z.string(),
  monitorId: z.string().startsWith('mon_'),
  to: z.enum(['firing', 'resolved']),
  severity: severitySchema,
  scheduledAt: z.iso.datetime(),
  /** When the round was judged. */
  at: z.iso.datetime(),
  /** One sentence for people: "4 of 6 locations failed: connection refused". */
  summary: detailSchema,
  cause: z.enum(['observed', 'paused', 'deleted', 'rule_removed']),
  failing: failingSchema,
  traceId: z.string(),
});
export type AlertTriggeredEvent = z.infer<typeof alertTriggeredEventSchema>;

/** A location became dark (verdicts leave it out), or is back. No monitor goes down for it. */
const locationStateEventSchema = tolerant({
  v: z.literal(1),
  kind: z.literal('location.state'),
  id: z.string().startsWith('evt_'),
  location: locationNameSchema,
  shard: z.string(),
  /** Whose monitors it concerns; absent when it concerns everybody's. */
  organization: z.string().optional(),
  dark: z.boolean(),
  at: z.iso.datetime(),
});
export type LocationStateEvent = z.infer<typeof locationStateEventSchema>;

export const edgeEventSchema = z.discriminatedUnion('kind', [
  checkCompletedEventSchema,
  checkMissedEventSchema,
  monitorStatusEventSchema,
  roundJudgedEventSchema,
  alertTriggeredEventSchema,
  locationStateEventSchema,
]);
export type EdgeEvent = z.infer<typeof edgeEventSchema>;

/**
 * POST /edge/v1/events → 202 `{ accepted }` once every event is safe (acknowledged by the stream, or committed by the
 * consumer). Events are not validated here: the consumer parks the ones that it cannot use.
 * They were parsed from JSON just before, so a schema for JSON would cost as much as parsing and find nothing.
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
