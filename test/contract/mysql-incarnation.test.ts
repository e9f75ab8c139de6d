import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { poll } from '../support/poll.ts';
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
});
