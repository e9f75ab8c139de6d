import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openMysql } from '@leafcutter/coordinator/stores/mysql/driver';
import { migrateMysql } from '@leafcutter/coordinator/stores/mysql/migrations';
import { RedisLink } from '@leafcutter/coordinator/stores/redis/link';
import { RedisLocks } from '@leafcutter/coordinator/stores/redis/locks';
import { SqlStore } from '@leafcutter/coordinator/stores/sql/store';
import { systemClock } from '@leafcutter/shared/system-clock';
import { Cluster, Redis } from 'ioredis';
import { type Connection, createConnection } from 'mysql2/promise';
import { type GaleraSetup, startGalera } from '../support/galera.ts';
import { executeSql } from '../support/mariadb-client.ts';
import type { MariadbServer } from '../support/mariadb-server.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { poll } from '../support/poll.ts';
import { type RedisClusterSetup, startRedisCluster } from '../support/redis-cluster.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { freshPrefix, insertByHand, type OpenStore, openMysqlStore } from './backends.ts';
import { redisContracts, serversContract } from './redis-contracts.ts';

let redis: RedisClusterSetup;
let galera: GaleraSetup;

beforeAll(async () => {
  [redis, galera] = await Promise.all([startRedisCluster(3, 0, PATIENCE_MS), startGalera(2)]);
});
afterAll(() => Promise.all([redis, galera].map((each) => each?.[Symbol.asyncDispose]())));

/** Two coordinators' links under one fresh prefix, in a slot of its own. */
async function openLinks(): Promise<{ links: [RedisLink, RedisLink]; closeLinks(): void }> {
  const keyPrefix = `{${freshPrefix()}}`;
  const place = {
    url: redis.url,
    clusterNodes: redis.clusterNodes.split(','),
    keyPrefix,
    commandTimeoutMs: PATIENCE_MS,
  };
  const links: [RedisLink, RedisLink] = [
    new RedisLink(place, systemClock),
    new RedisLink(place, systemClock),
  ];
  await Promise.all(links.map((link) => link.connect()));
  return {
    links,
    closeLinks() {
      for (const link of links) link.close();
    },
  };
}

type Node = OpenStore & { readonly url: string };

/** A coordinator's handle on each node, on a fresh database with the newest schema, which both made at once. */
async function openNodes(): Promise<[Node, Node]> {
  const [a, b] = galera.nodes;
  const url = await a?.createDatabase();
  if (url === undefined || b === undefined) throw new Error('no Galera');
  const urls = [url, url.replace(/:\d+\//, `:${b.port}/`)];
  const handles = urls.map((each) => ({ ...openMysqlStore(each), url: each })) as [Node, Node];
  await Promise.all(
    handles.map(({ driver }) =>
      poll(() => migrateMysql(driver).then(() => true)).then((done) => expect(done).toBe(true)),
    ),
  );
  return handles;
}

redisContracts('Redis Cluster', openLinks);

serversContract('Galera, a node each, with Redis Cluster', openNodes, openLinks);

describe('locks in a Redis Cluster', () => {
  test('are handed over by a call: who waits hears what is published on the node that has the lock', async () => {
    const { links, closeLinks } = await openLinks();
    const [a, b] = links.map((link) => new RedisLocks(link, systemClock)) as [RedisLocks, RedisLocks];
    const heard = async () => {
      const release = await a.acquire('tag:orders', { waitMs: 0, ttlMs: 60_000 });
      const waiting = b.acquire('tag:orders', { waitMs: 5_000, ttlMs: 60_000 });
      const queued = () => links[0].run((client) => client.llen(`${links[0].prefix}lock:tag:orders`));
      await poll(async () => (await queued()) === 2);
      // If nobody listens, the waiter's ticket is dropped from the queue.
      await release?.();
      const left = await queued();
      await (await waiting)?.();
      return left === 1;
    };
    // The listening connection may take its time.
    expect(await poll(heard)).toBe(true);
    closeLinks();
  });
});

describe('a link to a Redis Cluster', () => {
  test('follows its slot to another node; the command that met the old one failed, and was sent nowhere else', async () => {
    const { links, closeLinks } = await openLinks();
    const [link] = links;
    let found = 0;
    link.onFound(() => found++);
    const key = `${link.prefix}counted`;
    const from = await redis.masterOf(key);
    const to = redis.nodes.find((node) => node !== from) as RedisServer;
    await moveSlot(key, to);
    await expect(link.run((client) => client.incr(key))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      cause: { message: expect.stringContaining('MOVED') },
    });
    const arrived = async () => (await link.run((client) => client.get(key))) ?? 'nothing';
    expect(await poll(arrived)).toBe('nothing');
    expect(found).toBeGreaterThan(0);
    closeLinks();
  });

  test('NEGATIVE CONTROL: a client of the whole cluster sends the command on by itself', async () => {
    const key = `{${freshPrefix()}}counted`;
    const to = redis.nodes.find((node) => node.url !== redis.url) as RedisServer;
    const client = new Cluster(redis.nodes.map(({ url }) => url));
    await client.get(key);
    await moveSlot(key, (await redis.masterOf(key)) === to ? (redis.nodes[0] as RedisServer) : to);
    expect(await client.incr(key)).toBe(1);
    client.disconnect();
  });
});

/** Gives the slot of a key, which must be empty, to another node. */
async function moveSlot(key: string, to: RedisServer): Promise<void> {
  const clients = redis.nodes.map(({ url }) => new Redis(url));
  const target = clients[redis.nodes.indexOf(to)] as Redis;
  const [slot, id] = [await target.cluster('KEYSLOT', key), (await target.call('CLUSTER', 'MYID')) as string];
  const source = clients[redis.nodes.indexOf(await redis.masterOf(key))] as Redis;
  const sourceId = (await source.call('CLUSTER', 'MYID')) as string;
  // Only a node that was importing gets a higher epoch with the slot; otherwise the old node's gossip may take it back.
  await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceId);
  for (const client of [target, ...clients]) await client.call('CLUSTER', 'SETSLOT', slot, 'NODE', id);
  for (const client of clients) client.disconnect();
}

/** Statements of a store that its server has not answered. */
const WAITING_READS = `SELECT id FROM information_schema.processlist
  WHERE command = 'Query' AND info LIKE '%leaf_alloc%' AND id <> CONNECTION_ID()`;

describe('Galera', () => {
  test('lets one of two win who take a counter at once through two nodes; the other gives way', async () => {
    const handles = await openNodes();
    await insertByHand(handles[0].driver, 'orders', 1n, 1);
    const taken: bigint[] = [];
    let gaveWay = 0;
    const take = async ({ store }: OpenStore) => {
      while (taken.length < 200 || gaveWay === 0) {
        await store
          .withTag('orders', async (locked) => {
            const next = locked.value + 1n;
            await locked.advance(next, []);
            return next;
          })
          .then((next) => taken.push(next))
          .catch((error: { reason?: string }) => {
            if (error.reason !== 'deadlock') throw error;
            gaveWay += 1;
          });
      }
    };
    await Promise.all(handles.map(take));
    expect(new Set(taken).size).toBe(taken.length);
    expect(gaveWay).toBeGreaterThan(0);
    process.stdout.write(`Galera: ${taken.length} transactions on two nodes, ${gaveWay} gave way\n`);
    await Promise.all(handles.map(({ store }) => store.close()));
  });

  /** Commits on one node while the other one stands still and applies nothing; then asks the other one with `read`. */
  async function readBehind(
    read: (onOther: Node, operator: Connection) => Promise<bigint | undefined>,
  ): Promise<bigint | undefined> {
    const [a, b] = await openNodes();
    await insertByHand(a.driver, 'orders', 1n, 1);
    await poll(async () => (await b.store.findTag('orders')) !== undefined);
    const operator = await createConnection({ host: '127.0.0.1', port: galera.nodes[1]?.port, user: 'root' });
    try {
      await operator.query('FLUSH TABLES WITH READ LOCK');
      await a.store.withTag('orders', (locked) => locked.advance(101n, []));
      return await read(b, operator);
    } finally {
      operator.destroy();
      await Promise.all([a, b].map(({ store }) => store.close()));
    }
  }

  test('shows on every node what was committed on another, or waits until it can', async () => {
    const seen = await readBehind(async ({ store }, operator) => {
      let isAnswered = false;
      const reading = store.findTag('orders').finally(() => {
        isAnswered = true;
      });
      const isWaiting = async () => {
        const [rows] = await operator.query(WAITING_READS);
        return (rows as unknown[]).length > 0;
      };
      expect(await poll(async () => isAnswered || (await isWaiting()))).toBe(true);
      await operator.query('UNLOCK TABLES');
      return (await reading)?.nextId;
    });
    expect(seen).toBe(101n);
  });

  test('NEGATIVE CONTROL: without wsrep_sync_wait a node shows a counter as it was', async () => {
    const seen = await readBehind(async (other) => {
      const careless = await createConnection({ uri: other.url });
      const [rows] = await careless.query('SELECT max_id FROM leaf_alloc');
      careless.destroy();
      return BigInt((rows as { max_id: number }[])[0]?.max_id ?? 0);
    });
    expect(seen).toBe(1n);
  });
});

describe('several hosts of MySQL', () => {
  const open = (url: string, ...otherHosts: string[]) => {
    const driver = openMysql({ url, otherHosts, connectionLimit: 4, statementTimeoutMs: PATIENCE_MS });
    return { driver, store: new SqlStore(driver) };
  };

  test('are tried in turn when the first is not there', async () => {
    const [a] = galera.nodes;
    const { store } = open('mysql://root@127.0.0.1:1/leafcutter', `127.0.0.1:${a?.port}`);
    expect(await poll(() => store.now())).toBeGreaterThan(0);
    await store.close();
  });

  test('one that takes no writes is left, though this user could write to it', async () => {
    const [a, b] = galera.nodes as unknown as [MariadbServer, MariadbServer];
    const { store, driver } = open(a.url, `127.0.0.1:${b.port}`);
    const port = async () => Number((await driver.query('SELECT @@port AS port'))[0]?.port);
    await executeSql(a.port, 'SET GLOBAL read_only = 1');
    try {
      expect(await poll(port)).toBe(b.port);
    } finally {
      await executeSql(a.port, 'SET GLOBAL read_only = 0');
      await store.close();
    }
  });
});
