import { runInDurableObject } from 'cloudflare:test';
import { it } from 'vitest';
import { newShardName, shardOf } from '#tests/edge/shard.ts';
import { log } from './log.ts';
import type { MonitorShard } from './monitor-shard.ts';

// tests/edge/kept-console.ts has the background. When it is broken, this file never ends.
it('an object that logs on after its test does not keep the file from ending', async () => {
  await runInDurableObject<MonitorShard, void>(shardOf(newShardName()), (_instance, state) => {
    const logOn = async () => {
      for (;;) {
        log('info', 'still here');
        await scheduler.wait(1);
      }
    };
    state.waitUntil(logOn());
  });
});
