import { type Judged, JudgingLedger } from '#domain/assertion/judging-ledger.ts';
import { WORK_PER_MS, WorkBudget } from '#domain/assertion/work-budget.ts';
import { type Judging, NoTurn } from '#probes/probe.ts';

/**
 * Answers that cost at most this much are judged at once and are not counted. Nearly all answers are such, and making
 * the check itself costs as much.
 */
const SMALL_WORK = WORK_PER_MS;
/**
 * A costly answer is followed by ten times as long without another one. Where six locations share a core, judging takes
 * no more than 60 % of it, and others have their turn in between.
 */
const PACE = 10;
/** Time reserved for a costly answer before its cost is known. */
const RESERVED_MS = 20 * PACE;
/** Longest wait for a turn. A check that would wait longer is not judged. The deadline of its request allows twice this. */
const WAIT_MS_MAX = 2_000;

/** The ledger and the turns of this process: all checks at this location share them. */
const ledger = new JudgingLedger();
let nextTurnMs = 0;

/** Judges the answers of one monitor, or of a test, within what it and its organization may take of this process. */
export function judgingFor(judged: Judged): Judging {
  return {
    async run(judge) {
      const small = new WorkBudget(SMALL_WORK);
      const atOnce = judge(small);
      if (!small.refused) return atOnce;
      const beforeTurn = ledger.allowance(judged, Date.now());
      // A monitor without any allowance left needs no turn.
      if (beforeTurn.work <= SMALL_WORK) return judge(new WorkBudget(SMALL_WORK, beforeTurn.refusal));
      await turn();
      const { work, refusal } = ledger.allowance(judged, Date.now());
      const budget = new WorkBudget(Math.max(work, SMALL_WORK), refusal);
      const judgement = judge(budget);
      ledger.enter(judged, budget.spent, Date.now());
      nextTurnMs -= RESERVED_MS - (budget.spent / WORK_PER_MS) * PACE;
      return judgement;
    },
  };
}

/** Waits until a costly answer may be judged. A turn is a time, so a request that ends while it waits delays no other. */
async function turn(): Promise<void> {
  const nowMs = Date.now();
  const atMs = Math.max(nowMs, nextTurnMs);
  if (atMs - nowMs > WAIT_MS_MAX) throw new NoTurn('this location had no time to judge the answer');
  nextTurnMs = atMs + RESERVED_MS;
  if (atMs > nowMs) await scheduler.wait(atMs - nowMs);
}
