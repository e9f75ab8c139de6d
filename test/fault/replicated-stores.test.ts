import { afterAll, afterEach, expect, test } from '@jest/globals';
import { startGalera } from '../support/galera.ts';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { poll } from '../support/poll.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { MASTER_NAME, startSentinels } from '../support/redis-sentinels.ts';
import { startRedis } from '../support/redis-server.ts';
import { type Disturbed, type ReplicatedSetup, runReplicated, table } from './run-replicated.ts';

/** How often each failure is made, if there is time. A master or a node that was killed stays away. */
const full = process.env.LEAFCUTTER_FULL === '1';
/** Generous: what is asserted is that issuing resumes at all. */
const RESUME_WITHIN_MS = 60_000;
const KEY_PREFIX = '{leafcutter}:';

const rows: Disturbed[] = [];
let stack = new AsyncDisposableStack();

afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});
afterAll(() => void process.stdout.write(`\n${table(rows)}\n\n`));

async function holdsUp(setup: ReplicatedSetup): Promise<void> {
  const disturbed = await runReplicated({ ...setup, steadyMs: full ? 15_000 : 1_000 });
  rows.push(disturbed);
  expect(disturbed.findings).toEqual({
    duplicates: [],
    overlaps: [],
    ungranted: [],
    disorder: [],
    uncoded: [],
    late: [],
  });
  expect(disturbed.resumedMs).toBeLessThan(RESUME_WITHIN_MS);
}

async function sentinels(name: string, harm: 'kill' | 'command') {
  const [redis, mariadb] = await Promise.all([startSentinels(), startMariadb()]);
  stack.use(redis);
  stack.use(mariadb);
  const isPromoted = async () => {
    const address = (await redis.command('GET-MASTER-ADDR-BY-NAME', MASTER_NAME)) as string[];
    return Number(address[1]) === redis.replica.port;
  };
  await holdsUp({
    name,
    mysqlUrl: mariadb.url,
    coordinators: [0, 1].map(() => ({
      LEAFCUTTER_MYSQL_URL: mariadb.url,
      LEAFCUTTER_REDIS_URL: redis.url,
      LEAFCUTTER_REDIS_SENTINELS: redis.sentinels,
    })),
    async harm() {
      if (harm === 'kill') await redis.master.kill();
      else await redis.command('FAILOVER', MASTER_NAME);
      if (!(await poll(isPromoted))) throw new Error('the replica was not promoted');
    },
  });
}

test('Sentinel: the master is killed, the replica promoted', () =>
  sentinels('Redis with three Sentinels: master killed', 'kill'));

if (full)
  test('Sentinel: master and replica change places by command', () =>
    sentinels('Redis with three Sentinels: SENTINEL FAILOVER', 'command'));

test('Redis Cluster: the master that has our keys is killed, its replica promoted', async () => {
  const [redis, mariadb] = await Promise.all([startRedisCluster(), startMariadb()]);
  stack.use(redis);
  stack.use(mariadb);
  await holdsUp({
    name: 'Redis Cluster of six: our master killed',
    mysqlUrl: mariadb.url,
    coordinators: [0, 1].map(() => ({
      LEAFCUTTER_MYSQL_URL: mariadb.url,
      LEAFCUTTER_REDIS_URL: redis.url,
      LEAFCUTTER_REDIS_CLUSTER_NODES: redis.clusterNodes,
      LEAFCUTTER_REDIS_KEY_PREFIX: KEY_PREFIX,
    })),
    async harm() {
      const master = await redis.masterOf(KEY_PREFIX);
      await master.kill();
      const promoted = async () => (await redis.masterOf(KEY_PREFIX)) !== master;
      if (!(await poll(promoted))) throw new Error('no replica was promoted');
    },
  });
});

async function galera(name: string, harm: (node: MariadbServer) => Promise<void>): Promise<void> {
  const [redis, setup] = await Promise.all([startRedis(), startGalera()]);
  stack.use(redis);
  stack.use(setup);
  const { nodes } = setup;
  const [first, , last] = nodes as unknown as [MariadbServer, MariadbServer, MariadbServer];
  await holdsUp({
    name,
    mysqlUrl: first.url,
    // Each begins with a node of its own.
    coordinators: nodes.map((node) => ({
      LEAFCUTTER_MYSQL_URL: node.url,
      LEAFCUTTER_MYSQL_OTHER_HOSTS: nodes
        .filter((other) => other !== node)
        .map(({ port }) => `127.0.0.1:${port}`)
        .join(','),
      LEAFCUTTER_REDIS_URL: redis.url,
    })),
    harm: () => harm(last),
  });
}

// Three more MariaDBs; `npm test` has a Galera in test/contract/replicated-stores.test.ts.
if (full) {
  test('Galera: three coordinators write to a node each, and a node is killed', () =>
    galera('Galera of three, each written to: one node killed', (node) => node.kill()));

  test('Galera: a node stands still', () =>
    galera('Galera of three, each written to: one node stopped (SIGSTOP)', (node) => node.pause()));
}
