import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Cluster } from '../support/cluster.ts';
import { DrawingLoad } from '../support/drawing-load.ts';
import { type FakeTime, fakeTime } from '../support/faketime.ts';
import { findBinary } from '../support/find-binary.ts';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { poll } from '../support/poll.ts';
import { Prometheus, scraped } from '../support/prometheus.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';

const stack = new AsyncDisposableStack();
let mariadb: MariadbServer;
let redis: RedisServer;
let clock: FakeTime;
let cluster: Cluster;
let prometheus: Prometheus;

beforeAll(async () => {
  [mariadb, redis, clock] = await Promise.all([startMariadb(), startRedis(), fakeTime()]);
  stack.use(mariadb);
  stack.use(redis);
  stack.use(clock);
  cluster = stack.use(
    await Cluster.start({
      pace: 'product',
      mysqlUrl: mariadb.url,
      redisUrl: redis.url,
      coordinators: 1,
      agents: 2,
      coordinatorFlags: ['--snowflake-heartbeat-ms', '500'],
      agentFlags: ['--snowflake-enabled', '--report-interval-ms', '500'],
    }),
  );
  await cluster.addAgent({ env: clock.env });
  await cluster.createTag('orders', { step: 100_000 });
  const loads = ['/v1/ids/orders', '/v1/snowflake'].map((path) => new DrawingLoad(cluster.agents, path));
  stack.defer(() => Promise.all(loads.map((load) => load.stop())).then(() => undefined));
  prometheus = stack.use(
    await Prometheus.start(
      findBinary('prometheus', 'prometheus'),
      {
        'leafcutter-coordinator': scraped(cluster.coordinators),
        'leafcutter-agent': scraped(cluster.agents),
      },
      { impatient: true },
    ),
  );
  // The first segment and the first window come before Prometheus looks; from then on all is well.
  expect(await poll(async () => (await prometheus.query('up == 1')).length === 4)).toBe(true);
  expect(await poll(async () => (await prometheus.firing()).length === 0)).toBe(true);
});

afterAll(() => stack.disposeAsync());

/** Waits until an alert fires or, if `fires` is false, until it no longer does. */
async function alertIs(name: string, fires: boolean, what: string): Promise<void> {
  const begun = performance.now();
  const is = await poll(async () => (await prometheus.firing()).includes(name) === fires);
  expect([name, what, is]).toEqual([name, what, true]);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  process.stdout.write(`${name} ${fires ? 'fired' : 'went quiet'} ${seconds} s after ${what}\n`);
}

test('MariaDB that was killed raises its alert, and is over when it is back', async () => {
  await mariadb.kill();
  await alertIs('LeafcutterMysqlDown', true, 'MariaDB was killed');
  await mariadb.restart();
  await alertIs('LeafcutterMysqlDown', false, 'MariaDB was back');
});

test('Redis that was killed raises its alert, and is over when it is back', async () => {
  await redis.kill();
  await alertIs('LeafcutterRedisDown', true, 'Redis was killed');
  await redis.restart();
  await alertIs('LeafcutterRedisDown', false, 'Redis was back');
});

test('an agent’s wrong clock raises its alert, and is over when it is right', async () => {
  clock.set(3_600);
  await alertIs('LeafcutterClockSkewed', true, 'a clock went an hour ahead');
  clock.set(0);
  await alertIs('LeafcutterClockSkewed', false, 'the clock was right');
  // Setting it right was a step back, which is reported too.
  await alertIs('LeafcutterClockWentBack', true, 'the clock was set back');
});

test('an agent that was killed raises its alert, and is over when it is back', async () => {
  const [agent] = cluster.agents;
  await agent?.process.kill();
  await alertIs('LeafcutterAgentDown', true, 'an agent was killed');
  await agent?.restart();
  await alertIs('LeafcutterAgentDown', false, 'the agent was back');
});
