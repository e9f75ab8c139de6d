import { expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { agentRecord } from '../../fakes/samples.ts';
import type { RedisLink } from './link.ts';
import { RedisRoster } from './roster.ts';

/** A Redis that has entered so many agents, and how many of them each command was about. */
function rosterOf(count: number) {
  let ids = Array.from({ length: count }, (_, n) => String(n));
  const sizes: number[] = [];
  const sized = <T>(some: T[]): T[] => {
    sizes.push(some.length);
    return some;
  };
  const redis = {
    zcard: async () => ids.length,
    zrevrange: async (_key: string, first: number, last: number) => ids.slice(first, last + 1),
    zrangebyscore: async (...[, , , , offset, most]: [string, string, string, string, number, number]) =>
      sized(ids.slice(offset, offset + most)),
    hmget: async (_key: string, ...some: string[]) =>
      sized(some).map((id) => JSON.stringify(agentRecord(Number(id), 0))),
    forgetAgents: async (...[, , , , gone]: [string, string, string, number, string]) => {
      const forgotten = sized(gone.split(' '));
      ids = ids.filter((id) => !forgotten.includes(id));
    },
  };
  const link = { prefix: '', run: (work: (client: Redis) => unknown) => work(redis as unknown as Redis) };
  return { roster: new RedisRoster(link as unknown as RedisLink, 1_000_000), sizes };
}

test.each<[string, (roster: RedisRoster) => Promise<unknown>, unknown]>([
  ['listed', async (roster) => (await roster.list()).length, 250],
  ['reaped', (roster) => roster.reap(1), 0],
])('agents are %s by a hundred, so that no command holds Redis up', async (_how, work, expected) => {
  const { roster, sizes } = rosterOf(250);
  expect(await work(roster)).toBe(expected);
  expect(Math.max(...sizes)).toBe(100);
});
