import type { z } from 'zod';
import { readSeries } from '#core/aggregate/read.ts';
import { SERIES_POINTS_MAX, type Series, type seriesQuerySchema } from '#domain/api/monitor.ts';
import { DAY_MS } from '#domain/base/duration.ts';
import { authorize } from '../authorize.ts';
import type { RequestContext } from '../request-context.ts';
import { invalid } from '../validated.ts';
import { requireTimes } from './require-times.ts';
import { findMonitor } from './stored.ts';

/** Points that a chart can show. */
const POINTS_DEFAULT = 300;
const STEP_SECONDS_MIN = 5;

/**
 * Response times per location; of the last 24 hours by default. A step is never shorter than the monitor's interval:
 * steps between two checks would have no result.
 */
export async function readMonitorSeries(
  ctx: RequestContext,
  id: string,
  query: z.output<typeof seriesQuerySchema>,
): Promise<Series> {
  authorize(ctx, 'read');
  const { intervalSeconds } = await findMonitor(ctx, id);
  requireTimes(query);
  const to = query.to === undefined ? ctx.clock.now() : new Date(query.to);
  const from = query.from === undefined ? new Date(to.getTime() - DAY_MS) : new Date(query.from);
  const seconds = (to.getTime() - from.getTime()) / 1000;
  if (seconds <= 0) throw invalid('from', 'must be before to');
  const step = query.step ?? Math.max(STEP_SECONDS_MIN, Math.ceil(seconds / POINTS_DEFAULT));
  if (seconds / step > SERIES_POINTS_MAX) throw invalid('step', `gives more than ${SERIES_POINTS_MAX} points`);
  return readSeries(ctx, id, { from, to, step: Math.max(step, intervalSeconds) });
}
