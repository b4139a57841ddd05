import { test } from 'vitest';
import { playJudging } from './play-judging.ts';

const SEEDS = 60;

/** `npm run bench -- judging --seeds 1000 --from 1` plays others. */
test('whatever happens to a shard, what it judges is what its results say', () => {
  for (let seed = 1; seed <= SEEDS; seed++) playJudging(seed);
});
