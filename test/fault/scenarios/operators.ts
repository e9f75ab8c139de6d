import { setTimeout as sleep } from 'node:timers/promises';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import { poll } from '../../support/poll.ts';
import type { Arena } from '../arena.ts';
import type { Scenario } from '../scenario.ts';

const DEEP = { deep: { step: 20_000 } } as const;

/** The highest ID that was issued for a tag. */
function highestOf({ load }: Arena, tag: string): bigint {
  return load.lanes
    .filter(({ source }) => source === tag)
    .reduce((highest, { ids }) => ids.reduce((most, id) => (id > most ? id : most), highest), 0n);
}

/** What people do to a running system. */
export const OPERATORS: readonly Scenario[] = [
  {
    name: 'rolling-restart',
    faults: 'every coordinator and then every agent is restarted (SIGTERM), one after the other',
    quick: true,
    async nemesis({ coordinators, agents }) {
      for (const { service } of [...coordinators, ...agents]) await service.restart();
    },
  },
  {
    name: 'everything-restarted-at-once',
    faults: 'all coordinators, all agents and both stores are restarted at once',
    arena: { redis: { appendonly: true } },
    async nemesis({ coordinators, agents, redis, mariadb }) {
      const services = [...coordinators, ...agents].map(({ service }) => service);
      await Promise.all([
        redis.restart(),
        mariadb.restart(),
        ...services.map((service) => service.restart('live')),
      ]);
    },
  },
  {
    name: 'tag-retired',
    faults: 'a tag is retired while it is drawn from',
    arena: { tags: { doomed: { step: 50 }, ...DEEP } },
    ended: ['doomed'],
    async nemesis(arena) {
      await sleep(500);
      await arena.administer('DELETE', '/v1/tags/doomed', {});
      await sleep(1_500);
    },
    check({ load }) {
      if (!load.counts.refused.has('TAG_RETIRED')) throw new Error('nobody was told TAG_RETIRED');
    },
  },
  {
    name: 'step-changed',
    faults: 'the step of a tag is changed eight times, between 1 and 100,000, with refills under way',
    async nemesis(arena) {
      for (const step of [1, 100_000, 7, 5_000, 2, 50_000, 13, 50]) {
        await arena.administer('PATCH', '/v1/tags/hot', { step });
        await sleep(250);
      }
    },
  },
  {
    name: 'past-2-to-the-53',
    faults: 'a tag crosses 2^53, where JavaScript numbers end, with all agents restarted on the way',
    arena: { tags: { hot: { step: 50, start: String(2n ** 53n - 500n) }, ...DEEP } },
    async nemesis({ agents }) {
      for (const { service } of agents) await service.restart();
      await sleep(500);
    },
    check(arena) {
      if (highestOf(arena, 'hot') < 2n ** 53n + 500n) throw new Error('the tag did not get past 2^53');
    },
  },
  {
    name: 'to-the-highest-id',
    faults: 'a tag reaches 2^63 − 2, the highest ID there is',
    quick: true,
    arena: { tags: { last: { step: 50, start: String(HIGHEST_ID - 3_000n) }, ...DEEP } },
    ended: ['last'],
    async nemesis(arena) {
      await poll(() => highestOf(arena, 'last') === HIGHEST_ID, 30_000, 100);
      await sleep(1_000);
    },
    check(arena) {
      if (highestOf(arena, 'last') !== HIGHEST_ID)
        throw new Error(`the last ID was ${highestOf(arena, 'last')}`);
      if (!arena.load.counts.refused.has('TAG_EXHAUSTED')) throw new Error('nobody was told TAG_EXHAUSTED');
    },
  },
];
