import { setTimeout as sleep } from 'node:timers/promises';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import { runningMs } from '../../support/running-time.ts';
import type { Arena } from '../arena.ts';
import { drawnAnew, firstAfter, highestOf, until } from '../moments.ts';
import type { Scenario } from '../scenario.ts';
import { Snapshot } from '../snapshot.ts';

const DEEP = { deep: { step: 20_000 } } as const;

/**
 * A tag's row in Leaf's table is deleted by hand, Redis forgets its fence, the tag is made again from 1, and an agent
 * starts anew.
 */
async function makeAgain(arena: Arena, meanwhile: () => Promise<unknown>): Promise<void> {
  const { mysql, redis } = arena.operator;
  await mysql.query("DELETE FROM leaf_alloc WHERE biz_tag = 'remade'");
  for (const { service } of arena.agents) {
    const isGone = async () => (await fetch(`${service.url}/v1/ids/remade`)).status === 404;
    await until(isGone, 'an agent has given the tag up');
  }
  await arena.ledger.remember();
  await firstAfter(arena, 'remade', async () => {
    await meanwhile();
    await redis.flushall();
    await arena.createTag('remade', { step: 50 });
  });
}

/**
 * A coordinator is started with another, empty Redis, and for a while agents reach no other coordinator. Then MySQL
 * forgets what was granted since, and an agent starts anew. Every grant must have been noted in the Redis that
 * counts.
 */
async function otherRedisThenRestore(arena: Arena): Promise<void> {
  const { coordinators, agents, redis, load } = arena;
  const isGuarded = arena.options.coordinatorPreloads === undefined;
  const [right, wrong] = coordinators;
  if (right === undefined || wrong === undefined) throw new Error('the arena has no two coordinators');
  const other = await arena.startRedis({});
  await wrong.service.process.kill();
  wrong.redis.leadTo({ host: '127.0.0.1', port: other.port });
  await wrong.service.restart('live');
  const backup = await Snapshot.take(arena);
  const toRight = agents.flatMap((agent) => agent.lines.slice(0, 1));
  for (const line of toRight) await line.cut();
  const since = runningMs();
  if (isGuarded) await until(() => load.lastTroubleMs(['hot']) > since, 'callers go without an ID');
  else await drawnAnew(arena, 'hot');
  const { status } = await fetch(`${wrong.service.url}/readyz`);
  await wrong.mysql.cut();
  await firstAfter(arena, 'hot', async () => {
    await backup.restore();
    await toRight[0]?.heal();
  });
  wrong.redis.leadTo({ host: '127.0.0.1', port: redis.port });
  if (status !== 503 && isGuarded)
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
      await arena.administer('DELETE', '/v1/tags/doomed', {});
      await until(() => arena.load.counts.refused.has('TAG_RETIRED'), 'somebody is told TAG_RETIRED');
      await sleep(1_000);
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
    async nemesis(arena) {
      for (const { service } of arena.agents) await service.restart();
      await until(() => highestOf(arena, 'hot') >= 2n ** 53n + 500n, 'the tag is past 2^53');
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
      await until(() => highestOf(arena, 'last') === HIGHEST_ID, 'the highest ID is issued');
      await until(() => arena.load.counts.refused.has('TAG_EXHAUSTED'), 'somebody is told TAG_EXHAUSTED');
    },
  },
  {
    name: 'tag-made-again',
    faults: "a tag's row is deleted by hand, Redis wiped, the tag made again from 1; an agent starts anew",
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
      'a coordinator is started with another Redis and for a while is the only one in reach; then MySQL forgets that while, and an agent starts anew',
    loses: 'mysql',
    alone: true,
    nemesis: otherRedisThenRestore,
    controls: [
      {
        guard: 'the identity of Redis',
        arena: {
          coordinatorPreloads: [{ file: 'unguarded/identity.ts' }],
          // A sweep would tell the Redis that counts what the other one has.
          coordinatorFlags: ['--jobs-sweep-interval-s', '3600'],
        },
        finds: 'duplicates',
      },
    ],
  },
];
