import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { metric } from '../../support/metric.ts';
import { poll } from '../../support/poll.ts';
import { runningMs } from '../../support/running-time.ts';
import type { AgentPlace, Arena } from '../arena.ts';
import { drawnAnew, highestOf, until } from '../moments.ts';
import type { Scenario } from '../scenario.ts';
import { Snapshot } from '../snapshot.ts';

const JOBS = 'leafcutter_coordinator_jobs_total';
const REDIS_UP = 'leafcutter_coordinator_redis_up';
const AWAY_MS = 2_500;
const ROUNDS = 8;

async function flushOften({ operator }: Arena): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    await operator.redis.flushall();
    await sleep(250);
  }
}

/** A replica in step with the arena's Redis. */
async function startReplica(arena: Arena): Promise<{ port: number; client: Redis }> {
  const server = await arena.startRedis({ args: ['--replicaof', `127.0.0.1 ${arena.redis.port}`] });
  const client = arena.connectRedis(server.url);
  const inStep = await poll(async () => (await client.info('replication')).includes('master_link_status:up'));
  if (!inStep) throw new Error('the replica does not get in step');
  return { port: server.port, client };
}

const RARE = 'rare';
/** IDs of one draw. */
const A_FEW = 5;

/**
 * Draws until the agent has a segment in reserve. From then on it asks for none until it is drawn from again: one that
 * it fetched after Redis is back would tell Redis what it forgot.
 */
async function fillUp(arena: Arena, agent: AgentPlace): Promise<void> {
  await until(async () => {
    await arena.drawSome(agent, RARE, A_FEW);
    const { tags } = await agent.service.json<{ tags: { tag: string; next: object | null }[] }>('/v1/status');
    return tags.some(({ tag, next }) => tag === RARE && next !== null);
  }, `${agent.label} has a segment of ${RARE} in reserve`);
}

/**
 * A tag that is drawn from now and then, so that no later allocation tells Redis what it forgot. Redis is restored
 * from an old file. Once it was swept, MySQL is restored from a backup of the same age, as if hours later. Then all
 * agents start anew, and each is drawn from until it has got past all that was issued before.
 */
async function restoreRedisThenMysql(arena: Arena, untilSwept: () => Promise<unknown>): Promise<void> {
  const { operator, redis, agents } = arena;
  await arena.createTag(RARE, { step: 20 });
  await operator.redis.save();
  const backup = await Snapshot.take(arena);
  for (const agent of agents) await fillUp(arena, agent);
  const highest = highestOf(arena, RARE);
  await redis.kill();
  await redis.restart();
  await untilSwept();
  await backup.restore();
  await Promise.all(agents.map(({ service }) => service.process.kill()));
  const since = runningMs();
  await Promise.all(agents.map(({ service }) => service.restart('live')));
  for (const agent of agents) {
    await until(async () => {
      await arena.drawSome(agent, RARE, A_FEW);
      return highestOf(arena, RARE, agent.label, since) >= highest;
    }, `${agent.label} issues ${highest} or a higher ID of ${RARE}`);
  }
}

/** Resolves when Redis is used again, and knows anew what it forgot of `hot`, from which everybody draws. */
async function usedAgain(arena: Arena): Promise<void> {
  const services = arena.coordinators.map(({ service }) => service);
  const isThere = async () => (await metric(REDIS_UP, ...services)) === services.length;
  await until(isThere, 'every coordinator finds Redis');
  await drawnAnew(arena, 'hot');
}

/** Resolves when a sweep that began after this moment has reached Redis. */
async function swept({ operator }: Arena): Promise<void> {
  const number = async () => Number((await operator.redis.hget('leafcutter:{fence}:identity', 'sweep')) ?? 0);
  const [rows] = await operator.mysql.query('SELECT sweep FROM leafcutter_deployment');
  const [{ sweep }] = rows as [{ sweep: string }];
  const done = await poll(async () => (await number()) > Number(sweep) + 1);
  if (!done) throw new Error('Redis was not swept');
}

/** What is done to Redis. */
export const REDIS: readonly Scenario[] = [
  {
    name: 'flushall',
    faults: `FLUSHALL, ${ROUNDS} times in two seconds`,
    quick: true,
    loses: 'redis',
    nemesis: flushOften,
    async check({ operator, agents, coordinators }) {
      const leases = async () => (await operator.redis.keys('leafcutter:{lease}:*')).length >= agents.length;
      if (!(await poll(leases))) throw new Error('the leases were not entered again');
      const services = coordinators.map(({ service }) => service);
      const before = await metric(JOBS, ...services);
      const ran = async () => (await metric(JOBS, ...services)) > before;
      if (!(await poll(ran))) throw new Error('no job ran again');
    },
    controls: [
      {
        guard: 'the ceilings (only the leases in Redis say who holds a machine id)',
        arena: { machineIds: 2, coordinatorPreloads: [{ file: 'unguarded/ceilings.ts' }] },
        async nemesis(arena) {
          const newcomer = await arena.addAgent('live');
          arena.drawFrom(newcomer);
          await flushOften(arena);
        },
        finds: 'overlaps',
        alsoIn: 'planted-bugs.test.ts',
      },
    ],
  },
  {
    name: 'redis-asleep',
    faults: 'DEBUG SLEEP 3',
    arena: { redis: { args: ['--enable-debug-command', 'yes'] } },
    async nemesis({ operator }) {
      await operator.redis.call('DEBUG', 'SLEEP', '3');
    },
  },
  {
    name: 'redis-killed-empty',
    faults: `Redis killed (SIGKILL), away for ${AWAY_MS / 1_000} s, back without its data`,
    loses: 'redis',
    async nemesis({ redis }) {
      await redis.kill();
      await sleep(AWAY_MS);
    },
  },
  {
    name: 'redis-killed-with-data',
    faults: `Redis killed (SIGKILL), away for ${AWAY_MS / 1_000} s, back with its data`,
    arena: { redis: { appendonly: true, args: ['--appendfsync', 'always'] } },
    async nemesis({ redis }) {
      await redis.kill();
      await sleep(AWAY_MS);
    },
  },
  {
    name: 'redis-cut-off-from-one',
    faults: 'one coordinator loses what it sends to and gets from Redis for 3 s',
    async nemesis({ coordinators }) {
      await coordinators[0]?.redis.blackhole();
      await sleep(3_000);
    },
  },
  {
    name: 'redis-answers-lost',
    faults: 'Redis hears one coordinator and its answers are lost, for 3 s',
    async nemesis({ coordinators }) {
      await coordinators[0]?.redis.blackhole('server-to-client');
      await sleep(3_000);
    },
  },
  {
    name: 'replica-promoted-behind',
    faults:
      'a replica without the last second of writes is promoted and serves one coordinator, the old master the other one; then both have the new one',
    loses: 'redis',
    alone: true,
    async nemesis(arena) {
      const replica = await startReplica(arena);
      await replica.client.replicaof('NO', 'ONE');
      await sleep(1_000);
      for (const { redis } of arena.coordinators) {
        redis.leadTo({ host: '127.0.0.1', port: replica.port });
        await sleep(2_000);
      }
    },
  },
  {
    name: 'old-rdb-then-mysql-restored',
    faults:
      'Redis restored from an old RDB file; when it was swept, MySQL restored from a backup as old; all agents start anew',
    arena: { coordinatorFlags: ['--jobs-sweep-interval-s', '1'] },
    loses: 'mysql',
    alone: true,
    nemesis: (arena) => restoreRedisThenMysql(arena, () => swept(arena)),
    controls: [
      {
        guard: 'the sweep (MySQL is restored before it came to that)',
        arena: { coordinatorPreloads: [{ file: 'unguarded/sweep.ts' }] },
        nemesis: (arena) => restoreRedisThenMysql(arena, () => usedAgain(arena)),
        finds: 'duplicates',
      },
    ],
  },
  {
    name: 'keys-evicted',
    faults: 'Redis is full and evicts keys at random (maxmemory-policy allkeys-random), four times',
    loses: 'redis',
    async nemesis({ operator: { redis } }) {
      await redis.config('SET', 'maxmemory-policy', 'allkeys-random');
      for (let round = 0; round < 4; round++) {
        await redis.config('SET', 'maxmemory', '1');
        await sleep(300);
        await redis.config('SET', 'maxmemory', '0');
        await sleep(400);
      }
    },
  },
  {
    name: 'locks-lost',
    faults: 'every lock in Redis is deleted over and over for 2 s, as if it had expired in mid-refill',
    async nemesis({ operator: { redis } }) {
      for (let round = 0; round < 100; round++) {
        const locks = await redis.keys('leafcutter:lock:*');
        if (locks.length > 0) await redis.del(locks);
        await sleep(20);
      }
    },
  },
];
