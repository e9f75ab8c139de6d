import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RedisLink } from '@leafcutter/coordinator/stores/redis/link';
import { systemClock } from '@leafcutter/shared/system-clock';
import { executeSql } from '../support/mariadb-client.ts';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { startProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { freshPrefix, openHastyMysqlStore } from './backends.ts';

let mariadb: MariadbServer;
let redis: RedisServer;

beforeAll(async () => {
  [mariadb, redis] = await Promise.all([startMariadb(), startRedis()]);
});
afterAll(() => Promise.all([mariadb?.dispose(), redis?.dispose()]));

/** Counts how often a client waits for an answer: what it sends before it hears anything goes together. */
function counting(proxy: TcpProxy): () => number {
  let trips = 0;
  let last = '';
  proxy.onChunk = (direction) => {
    if (direction !== last && direction === 'client-to-server') trips += 1;
    last = direction;
    return 'pass';
  };
  return () => trips;
}

/** Round trips of a question on a new connection, and of the next one on the same. */
async function mysqlTrips(user: string): Promise<number[]> {
  await using proxy = await startProxy({ target: { host: '127.0.0.1', port: mariadb.port } });
  const trips = counting(proxy);
  const url = new URL(await mariadb.createDatabase());
  url.port = String(proxy.port);
  url.username = user;
  const { store } = openHastyMysqlStore(url.href, PATIENCE_MS);
  await store.now();
  const first = trips();
  await store.now();
  await store.close();
  return [first, trips() - first];
}

/** What `docs/limits.md` says: the login, four statements, and the question. */
const FEW = 6;

test('a new connection to MySQL costs its login and four statements', async () => {
  expect(await mysqlTrips('root')).toEqual([FEW, 1]);
});

test('so it does for a user who may do nothing but work', async () => {
  for (const sql of ['CREATE USER worker@`127.0.0.1`', 'GRANT ALL ON `test%`.* TO worker@`127.0.0.1`'])
    await executeSql(mariadb.port, sql);
  expect(await mysqlTrips('worker')).toEqual([FEW, 1]);
});

test('if a default is not as it should be, each thing is set by itself', async () => {
  await executeSql(mariadb.port, 'SET GLOBAL max_sort_length = 8');
  const [trips] = await mysqlTrips('root');
  await executeSql(mariadb.port, 'SET GLOBAL max_sort_length = DEFAULT');
  expect(trips).toBe(FEW + 9);
});

test('a new connection to Redis costs two round trips', async () => {
  await using proxy = await startProxy({ target: { host: '127.0.0.1', port: redis.port } });
  const trips = counting(proxy);
  const url = `redis://127.0.0.1:${proxy.port}/1`;
  const link = new RedisLink({ url, keyPrefix: freshPrefix(), commandTimeoutMs: PATIENCE_MS }, systemClock);
  await link.connect();
  const first = trips();
  await link.run((client) => client.ping());
  link.close();
  expect([first, trips() - first]).toEqual([2, 1]);
});
