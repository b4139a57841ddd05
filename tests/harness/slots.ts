import type { CheckResult } from '#domain/check/result.ts';
import type { ApiClient } from '#standalone/api-client.ts';

/** All stored results of a monitor's schedule, newest first; results of "check now" are left out. */
export async function readResults(api: ApiClient, monitorId: string, from?: string): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ limit: '200', ...(from ? { from } : {}), ...(cursor ? { cursor } : {}) });
    const page: { data: CheckResult[]; nextCursor: string | null } = await api.get(
      `/monitors/${monitorId}/results?${query}`,
    );
    results.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return results.filter((result) => !result.manual);
}

/** The members of a stored result that are examined. */
export type StoredSlot = Pick<CheckResult, 'location' | 'scheduledAt' | 'reason'>;

export interface SlotReport {
  /** Slots of the grid from the first stored one on. */
  readonly due: number;
  readonly slots: number;
  /** Slots that are due and have no result at this location. */
  readonly holes: readonly string[];
  /** Slots stored more than once. */
  readonly duplicates: readonly string[];
  /** Slots stored with outcome `error`, reason `missed_slot`. */
  readonly missed: readonly string[];
}

/** Examines one location's slots on the grid, from the first stored slot to the last one, or to `untilMs`. */
export function examineSlots(
  results: readonly StoredSlot[],
  location: string,
  intervalSeconds: number,
  untilMs?: number,
): SlotReport {
  const own = results.filter((result) => result.location === location);
  const times = own.map((result) => Date.parse(result.scheduledAt)).sort((a, b) => a - b);
  const stored = new Set(times);
  const due: number[] = [];
  const [first = Number.POSITIVE_INFINITY] = times;
  const last = untilMs ?? times.at(-1) ?? 0;
  for (let at = first; at <= last; at += intervalSeconds * 1000) due.push(at);
  return {
    due: due.length,
    slots: stored.size,
    holes: due.filter((at) => !stored.has(at)).map(iso),
    duplicates: times.filter((at, index) => times[index - 1] === at).map(iso),
    missed: own.filter((result) => result.reason === 'missed_slot').map((result) => result.scheduledAt),
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
