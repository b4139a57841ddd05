import type { z } from 'zod';
import type { ParkedMessage } from '#db/sql/park-messages.ts';
import type { CheckResult } from '#domain/check/result.ts';
import { resultsOf } from '#domain/wire/results.ts';
import {
  edgeEventSchema,
  type LocationStateEvent,
  type MonitorStatusEvent,
  type RoundJudgedEvent,
} from '#domain/wire/wire.ts';
import { kindOf } from '../streams/consumer-kinds.ts';

/** A batch of messages by kind. Messages in `unusable` are parked, so that they do not block the others. */
export interface SortedBatch {
  readonly results: CheckResult[];
  readonly statuses: MonitorStatusEvent[];
  readonly rounds: RoundJudgedEvent[];
  readonly locations: LocationStateEvent[];
  readonly unusable: ParkedMessage[];
}

/** Validates each message once, at the border of the process. */
export function sortBatch(messages: readonly unknown[]): SortedBatch {
  const batch: SortedBatch = { results: [], statuses: [], rounds: [], locations: [], unusable: [] };
  for (const message of messages) {
    const parsed = edgeEventSchema.safeParse(message);
    if (!parsed.success) {
      batch.unusable.push(unusable(message, firstIssue(parsed.error)));
      continue;
    }
    switch (parsed.data.kind) {
      case 'check.completed':
      case 'check.missed':
        batch.results.push(...resultsOf(parsed.data));
        break;
      case 'monitor.status':
        batch.statuses.push(parsed.data);
        break;
      case 'round.judged':
        batch.rounds.push(parsed.data);
        break;
      case 'location.state':
        batch.locations.push(parsed.data);
        break;
      case 'alert.triggered':
        batch.unusable.push(unusable(message, 'an alert is not for ingest'));
        break;
    }
  }
  return batch;
}

export function unusable(message: unknown, reason: string): ParkedMessage {
  return { subject: kindOf(message), consumer: 'ingest', reason, payload: JSON.stringify(message) ?? 'undefined' };
}

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? 'not valid' : `${issue.path.join('.') || 'message'}: ${issue.message}`;
}
