import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openMysql } from '@leafcutter/coordinator/stores/mysql/driver';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { poll } from '../support/poll.ts';
import { startProxy } from '../support/tcp-proxy.ts';
import { freshMysqlStores, type OpenStore, untilRestartShows } from './backends.ts';

let mariadb: MariadbServer;
let handles: [OpenStore, OpenStore];

beforeAll(async () => {
  mariadb = await startMariadb();
  ({ handles } = await freshMysqlStores(mariadb));
});
afterAll(async () => {
  await Promise.all((handles ?? []).map(({ store }) => store.close()));
  await mariadb?.dispose();
});

describe('a store on a real MariaDB', () => {
  test('tells a server that was started again from one that ran on', async () => {
    const [{ store, driver }] = handles;
    expect(await untilRestartShows(driver)).toBe(true);
    let replaced = 0;
    store.onReplaced(() => replaced++);
    await store.now();
    const before = store.incarnation;
    // New connections: each one checks which server answers.
    await Promise.all(Array.from({ length: 5 }, () => driver.transaction(() => store.now())));
    expect([store.incarnation, replaced]).toEqual([before, 0]);
    await mariadb.kill();
    await mariadb.restart();
    expect(await poll(() => store.now(), PATIENCE_MS)).toBeGreaterThan(0);
    expect([store.incarnation, replaced]).toEqual([before + 1, 1]);
  });

  test.each([
    ['is exchanged when it is old, so that a change of the server’s name is followed', 0, 3],
    ['is kept until then', undefined, 1],
  ])('a connection that is never idle %s', async (_what, maxConnectionAgeMs, connections) => {
    await using proxy = await startProxy({ target: { host: '127.0.0.1', port: mariadb.port } });
    const url = mariadb.url.replace(`:${mariadb.port}`, `:${proxy.port}`);
    const statementTimeoutMs = PATIENCE_MS;
    const driver = openMysql({ url, maxConnectionAgeMs, connectionLimit: 8, statementTimeoutMs });
    for (let n = 0; n < 3; n++) await driver.query('SELECT 1');
    await driver.close();
    expect(proxy.accepted).toBe(connections);
  });
});
