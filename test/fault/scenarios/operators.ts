import { setTimeout as sleep } from 'node:timers/promises';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import { poll } from '../../support/poll.ts';
import type { Arena } from '../arena.ts';
import type { Scenario } from '../scenario.ts';
import { Snapshot } from '../snapshot.ts';

const DEEP = { deep: { step: 20_000 } } as const;

/** The highest ID that was issued for a tag. */
function highestOf({ load }: Arena, tag: string): bigint {
  let highest = 0n;
  for (const { source, ids } of load.history.issued) {
    const last = ids.at(-1);
    if (source === tag && last !== undefined && last > highest) highest = last;
  }
  return highest;
}

/** A tag's row in Leaf's table is deleted by hand, Redis forgets its fence, and the tag is made again from 1. */
async function makeAgain(arena: Arena, meanwhile: () => Promise<unknown>): Promise<void> {
  const { mysql, redis } = arena.operator;
  await sleep(500);
  await mysql.query("DELETE FROM leaf_alloc WHERE biz_tag = 'remade'");
  await sleep(1_000);
  await arena.ledger.remember();
  await meanwhile();
  await redis.flushall();
  await arena.createTag('remade', { step: 50 });
  await sleep(1_500);
}

/**
 * A coordinator is started with another, empty Redis, and for a while agents reach no other coordinator. Then MySQL
 * forgets what was granted since, and an agent starts anew. Every grant must have been noted in the Redis that
 * counts.
 */
async function otherRedisThenRestore(arena: Arena): Promise<void> {
  const { coordinators, agents, redis } = arena;
  const [right, wrong] = coordinators;
  if (right === undefined || wrong === undefined) throw new Error('the arena has no two coordinators');
  const other = await arena.startRedis({});
  await wrong.service.process.kill();
  wrong.redis.leadTo({ host: '127.0.0.1', port: other.port });
  await wrong.service.restart('live');
  const backup = await Snapshot.take(arena);
  const lines = agents.flatMap((agent) => agent.lines.slice(0, 1));
  for (const line of lines) await line.cut();
  await sleep(3_000);
  const { status } = await fetch(`${wrong.service.url}/readyz`);
  await backup.restore();
  for (const line of lines) await line.heal();
  await agents[0]?.service.process.kill();
  await agents[0]?.service.restart('live');
  await sleep(1_500);
  wrong.redis.leadTo({ host: '127.0.0.1', port: redis.port });
  if (status !== 503 && arena.options.coordinatorPreloads === undefined)
    throw new Error(`a coordinator with another Redis answered ${status} to /readyz`);
}

/** What people do to a running system. */
export const OPERATORS: readonly Scenario[] = [
  {
    name: 'rolling-restart',
    faults: 'every coordinator and then every agent is restarted (SIGTERM), one after the other',
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
    arena: {
      singlesOnly: ['last'],
      tags: { last: { step: 50, start: String(HIGHEST_ID - 3_000n) }, ...DEEP },
    },
    ended: ['last'],
    async nemesis(arena) {
      await poll(() => highestOf(arena, 'last') === HIGHEST_ID);
      await sleep(1_000);
    },
    check(arena) {
      if (highestOf(arena, 'last') !== HIGHEST_ID)
        throw new Error(`the last ID was ${highestOf(arena, 'last')}`);
      if (!arena.load.counts.refused.has('TAG_EXHAUSTED')) throw new Error('nobody was told TAG_EXHAUSTED');
    },
  },
  {
    name: 'tag-made-again',
    faults: "a tag's row is deleted by hand, Redis wiped, and the tag made again from 1",
    arena: { tags: { remade: { step: 50 }, ...DEEP } },
    alone: true,
    nemesis: (arena) => makeAgain(arena, async () => undefined),
    controls: [
      {
        guard: 'the high-water mark (nor does the ledger remember)',
        nemesis: (arena) =>
          makeAgain(arena, async () => {
            await arena.operator.mysql.query("DELETE FROM leafcutter_tag WHERE tag = 'remade'");
            await arena.operator.mysql.query("DELETE FROM leafcutter_ledger WHERE name = 'remade'");
          }),
        finds: 'overlaps',
      },
    ],
  },
  {
    name: 'two-redis-databases',
    faults:
      'a coordinator is started with another Redis, for 3 s it is the only one in reach, and MySQL forgets those 3 s',
    loses: 'mysql',
    alone: true,
    nemesis: otherRedisThenRestore,
    controls: [
      {
        guard: 'the identity of Redis',
        arena: { coordinatorPreloads: [{ file: 'unguarded/identity.ts' }] },
        finds: 'duplicates',
      },
    ],
  },
];
