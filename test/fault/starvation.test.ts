import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findDuplicates } from '@leafcutter/cli/verify/checks';
import { Cluster } from '../support/cluster.ts';
import { callsOf, closeConnections, draw, type Lane, newTally } from '../support/draw.ts';
import { startMariadb } from '../support/mariadb-server.ts';
import { startRedis } from '../support/redis-server.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

const CALLERS = 64;
const CALLS = 200;
const ADDED_MS = 5;

const stack = new AsyncDisposableStack();
let stores: { mysqlUrl: string; redisUrl: string };

beforeAll(async () => {
  const redis = stack.use(await startRedis());
  const mariadb = stack.use(await startMariadb());
  const slowRedis = stack.use(await TcpProxy.start({ target: { host: '127.0.0.1', port: redis.port } }));
  const slowMariadb = stack.use(await TcpProxy.start({ target: { host: '127.0.0.1', port: mariadb.port } }));
  const url = await mariadb.createDatabase();
  slowRedis.delay(ADDED_MS);
  slowMariadb.delay(ADDED_MS);
  stores = {
    mysqlUrl: url.replace(`:${mariadb.port}/`, `:${slowMariadb.port}/`),
    redisUrl: redis.url.replace(`:${redis.port}`, `:${slowRedis.port}`),
  };
});

afterAll(async () => {
  await closeConnections();
  await stack.disposeAsync();
});

test('64 callers outrun segments of 100 on slow stores, and every one of 12,800 calls is served', async () => {
  const cluster = stack.use(
    await Cluster.start({
      ...stores,
      coordinators: 1,
      agents: 1,
      coordinatorFlags: ['--no-segment-adaptive-step'],
    }),
  );
  await cluster.createTag('hot', { step: 100 });
  const [agent] = cluster.agents;
  if (agent === undefined) throw new Error('no agent');

  const lanes: Lane[] = [];
  const tally = newTally();
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: CALLERS }, () =>
      draw({ agent, source: 'hot', count: 1, more: ({ ids }) => ids.length < CALLS }, lanes, tally),
    ),
  );
  const seconds = (performance.now() - begun) / 1_000;
  process.stdout.write(
    `starvation: ${tally.ids} of ${CALLERS * CALLS} calls served, refused ${JSON.stringify([...tally.refused])}, ` +
      `slowest ${Math.round(tally.slowestMs)} ms (target 2,000 ms), ${seconds.toFixed(1)} s (Leaf's own code: 282 errors)\n`,
  );
  expect([...tally.refused]).toEqual([]);
  expect(tally.ids).toBe(CALLERS * CALLS);
  expect(findDuplicates(callsOf(lanes))).toEqual([]);
});
