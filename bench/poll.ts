import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again until `untilMs`, with a pause after each answer; answers the times of all answers in ms. */
export async function poll(ask: () => Promise<unknown>, pauseMs: number, untilMs: number): Promise<number[]> {
  const answers: number[] = [];
  while (Date.now() < untilMs) {
    const from = performance.now();
    await ask();
    answers.push(performance.now() - from);
    await sleep(pauseMs);
  }
  return answers;
}
