import { LOCATION_IDS, type LocationId } from '#domain/check/location.ts';
import type { OutcomeKind } from '#domain/check/result.ts';
import { newRound, type Round, roundKey } from '#domain/watch/round.ts';
import type { AssignedMonitor } from '#domain/wire/wire.ts';

/** A round of one monitor of the shard. */
export interface MonitorRound {
  readonly monitorId: string;
  readonly round: Round;
}

/** Rounds that were started together. They are one stored row until all are over, which saves written rows. */
export interface Tick {
  readonly id: number;
  readonly rounds: readonly Pick<MonitorRound & Round, 'monitorId' | 'slotMs' | 'manual'>[];
}

const NOT_ASKED = '-';
const OPEN = '.';
const OUTCOME_LETTERS = { success: 's', failure: 'f', timeout: 't', error: 'e' } as const satisfies Record<
  OutcomeKind,
  string
>;
const LETTER_OUTCOMES = new Map<string, OutcomeKind>(
  Object.entries(OUTCOME_LETTERS).map(([outcome, letter]) => [letter, outcome as OutcomeKind]),
);

type StoredRound = [monitorId: string, slotMs: number, manual: 0 | 1, letters: string, judged: 0 | 1];

/** Names the locations once. Each round has a letter for each of them. */
interface StoredTick {
  readonly locations: readonly string[];
  readonly rounds: readonly StoredRound[];
}

/** The stored text of open rounds; null without any. */
export function encodeTick(rounds: readonly MonitorRound[]): string | null {
  if (rounds.length === 0) return null;
  const locations = [...new Set(rounds.flatMap(({ round }) => round.asked))];
  const stored: StoredTick = {
    locations,
    rounds: rounds.map(({ monitorId, round }) => {
      const { slotMs, manual, judged } = round;
      return [monitorId, slotMs, manual ? 1 : 0, lettersOf(round, locations), judged ? 1 : 0];
    }),
  };
  return JSON.stringify(stored);
}

/** The rounds of a stored tick whose monitors still exist. */
export function decodeTick(text: string, monitorOf: (id: string) => AssignedMonitor | undefined): MonitorRound[] {
  const { locations, rounds } = readTick(text);
  return rounds.flatMap(([monitorId, slotMs, manual, letters, judged]) => {
    const monitor = monitorOf(monitorId);
    if (monitor === undefined) return [];
    const asked = locations.filter((_, index) => (letters[index] ?? NOT_ASKED) !== NOT_ASKED) as LocationId[];
    const seen = new Map(
      locations.flatMap((location, index) => {
        const outcome = LETTER_OUTCOMES.get(letters[index] ?? NOT_ASKED);
        return outcome === undefined ? [] : [[location as LocationId, { outcome }] as const];
      }),
    );
    const round = newRound(monitor, slotMs, manual === 1, slotMs);
    return [{ monitorId, round: { ...round, asked, seen, judged: judged === 1 } }];
  });
}

/** Version 0.1.0 stored the rounds alone, their letters in the order of the six locations. */
function readTick(text: string): StoredTick {
  const stored = JSON.parse(text) as StoredTick | StoredRound[];
  return Array.isArray(stored) ? { locations: LOCATION_IDS, rounds: stored } : stored;
}

function lettersOf(round: Round, locations: readonly LocationId[]): string {
  return locations
    .map((location) => {
      if (!round.asked.includes(location)) return NOT_ASKED;
      const seen = round.seen.get(location);
      return seen === undefined ? OPEN : OUTCOME_LETTERS[seen.outcome];
    })
    .join('');
}

/** Open ticks in memory, found by the key of a round. */
export class Ticks {
  readonly #ofRound = new Map<string, Tick>();

  get openRounds(): number {
    return this.#ofRound.size;
  }

  add(id: number, rounds: readonly MonitorRound[]): void {
    const tick: Tick = {
      id,
      rounds: rounds.map(({ monitorId, round: { slotMs, manual } }) => ({ monitorId, slotMs, manual })),
    };
    for (const one of tick.rounds) this.#ofRound.set(roundKey(one.monitorId, one), tick);
  }

  of(key: string): Tick | undefined {
    return this.#ofRound.get(key);
  }

  forget(key: string): void {
    this.#ofRound.delete(key);
  }
}
