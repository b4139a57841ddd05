import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UPTIME_WINDOWS } from '#domain/api/monitor.ts';
import { VERDICTS } from '#domain/check/status.ts';
import { sumTallies, type Tally, uptimePercent } from '#domain/figures/uptime.ts';
import { roundEvent, startTestCore, type TestCore } from '#tests/core/test-core.ts';
import { type Verdict, verdictTime } from '#tests/core/verdict-time.ts';
import { createTestDatabase } from '#tests/database.ts';
import { createIngest } from '../ingest/consumer.ts';
import { readUptime } from './read.ts';
import { rollUpDirtyHours } from './roll-up.ts';
import { readTallies } from './tallies.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Each run stores a few dozen rounds and counts several windows twice. */
const RUNS = 40;

let core: TestCore;
beforeAll(async () => {
  core = await startTestCore(await createTestDatabase());
});
afterAll(() => core.close());

/** A series of rounds with one interval: some are missing, some are early because of a change. */
const stretch = fc.record({
  agoMs: fc.integer({ min: 0, max: 4 * DAY }),
  intervalSeconds: fc.constantFrom(5, 60, 1_000, 3_600, 7_000, 43_200, 86_400),
  rounds: fc.array(
    fc.record({
      status: fc.constantFrom(...VERDICTS),
      skipped: fc.nat(3).map((n) => (n === 3 ? 2 : 0)),
      earlyMs: fc.constantFrom(0, 0, 0, 1_700),
    }),
    { minLength: 1, maxLength: 8 },
  ),
});
type Stretch = typeof stretch extends fc.Arbitrary<infer T> ? T : never;

function verdictsOf({ agoMs, intervalSeconds, rounds }: Stretch, nowMs: number): Verdict[] {
  let atMs = nowMs - agoMs;
  return rounds.map(({ status, skipped, earlyMs }) => {
    atMs += (1 + skipped) * intervalSeconds * 1000 - earlyMs;
    return { atMs, status, intervalSeconds };
  });
}

const close = ({ up, down, unknown, upSeconds, downSeconds, unknownSeconds }: Tally) => ({
  up,
  down,
  unknown,
  upSeconds: expect.closeTo(upSeconds, 3),
  downSeconds: expect.closeTo(downSeconds, 3),
  unknownSeconds: expect.closeTo(unknownSeconds, 3),
});

test('uptime is the integral of the verdicts, whatever order they came in and whatever was counted in between', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(stretch, { minLength: 1, maxLength: 5 }),
      fc.infiniteStream(fc.boolean()),
      fc.integer({ min: 0, max: 100 }),
      async (stretches, rolledUp, windowHours) => {
        const monitor = await core.addMonitor();
        const nowMs = Date.now();
        const ingest = createIngest(core.ctx);
        const known = new Map<number, Verdict>();
        for (const one of stretches) {
          // Rounds in the future are not stored yet.
          const verdicts = verdictsOf(one, nowMs).filter(({ atMs }) => atMs <= nowMs);
          await ingest.handle(
            verdicts.map(({ atMs, status, intervalSeconds }) =>
              roundEvent(monitor, status, new Date(atMs), { intervalSeconds }),
            ),
          );
          for (const verdict of verdicts) if (!known.has(verdict.atMs)) known.set(verdict.atMs, verdict);
          if (rolledUp.next().value) await rollUpDirtyHours(core.ctx);
        }
        const expected = (from: Date, to: Date) => verdictTime([...known.values()], from.getTime(), to.getTime());
        const requireFigures = async () => {
          for (const window of UPTIME_WINDOWS) {
            const shown = await readUptime(core.ctx, monitor, window);
            const tally = expected(new Date(shown.from), new Date(shown.to));
            expect(shown).toMatchObject({
              uptimePercent: uptimePercent(tally),
              upRounds: tally.up,
              downRounds: tally.down,
              unknownRounds: tally.unknown,
              upSeconds: close(tally).upSeconds,
              downSeconds: close(tally).downSeconds,
              unknownSeconds: close(tally).unknownSeconds,
            });
            for (const day of shown.days) {
              const startMs = Math.max(Date.parse(day.date), Date.parse(shown.from));
              const endMs = Math.min(Date.parse(day.date) + DAY, Date.parse(shown.to));
              const ofDay = expected(new Date(startMs), new Date(endMs));
              expect(day).toMatchObject({ uptimePercent: uptimePercent(ofDay), downSeconds: close(ofDay).downSeconds });
            }
          }
          const from = new Date(Math.floor(nowMs / HOUR - windowHours) * HOUR);
          const tallies = (await readTallies(core.ctx.db, [monitor], from, new Date(nowMs))).get(monitor)?.days ?? [];
          expect(sumTallies(tallies)).toEqual(close(expected(from, new Date(nowMs))));
        };
        await requireFigures();
        while ((await rollUpDirtyHours(core.ctx)) > 0);
        await requireFigures();
      },
    ),
    { numRuns: RUNS },
  );
});
