import { afterEach } from 'vitest';
import { stopShards } from './shard.ts';

afterEach(stopShards);
