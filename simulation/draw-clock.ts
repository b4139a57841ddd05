import type { Random } from './random.ts';

const SMALL_MS = 5_000;
const LARGE_MS = 5 * 60_000;

/** How far the edge's clock is ahead from now on, in milliseconds: not at all, by seconds, or by minutes. */
export function drawClock(random: Random): number {
  const most = random.chance(0.7) ? SMALL_MS : LARGE_MS;
  return random.chance(0.5) ? 0 : random.int(-most, most);
}
