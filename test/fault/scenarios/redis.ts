import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from '../scenario.ts';

/** What is done to Redis. */
export const REDIS: readonly Scenario[] = [
  {
    name: 'flushall',
    faults: 'FLUSHALL, eight times in two seconds',
    quick: true,
    async nemesis({ operator }) {
      for (let round = 0; round < 8; round++) {
        await operator.redis.flushall();
        await sleep(250);
      }
    },
  },
  {
    name: 'redis-killed-empty',
    faults: 'Redis killed (SIGKILL), away for 2.5 s, back without its data',
    quick: true,
    async nemesis({ redis }) {
      await redis.kill();
      await sleep(2_500);
      await redis.restart();
    },
  },
];
