import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Range } from '@leafcutter/coordinator/domain/allocation/range';
import type { Store } from '@leafcutter/coordinator/domain/allocation/store';
import { SegmentArbiter } from '@leafcutter/coordinator/domain/segments/segments';
import { RecordedEvents } from '@leafcutter/coordinator/fakes/recorded-events';
import { CALM, holder, newTag, overlaps, SEGMENT_RULES } from '@leafcutter/coordinator/fakes/samples';
import { noLocks } from '@leafcutter/coordinator/stores/memory/no-locks';
import { migrateMysql } from '@leafcutter/coordinator/stores/mysql/migrations';
import { systemClock } from '@leafcutter/shared/system-clock';
import { createPool, type Pool } from 'mysql2/promise';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { freshMysqlStores, insertByHand, type OpenStore, openMysqlStore } from './backends.ts';

let mariadb: MariadbServer;
const toClose: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  mariadb = await startMariadb();
});
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});
afterAll(() => mariadb?.dispose());

/** Leaf's own script (github.com/Meituan-Dianping/Leaf, scripts/leaf_alloc.sql), with the server's charset spelled out. */
const leafTable = (charset: string) => `CREATE TABLE \`leaf_alloc\` (
  \`biz_tag\` varchar(128) NOT NULL DEFAULT '',
  \`max_id\` bigint(20) NOT NULL DEFAULT '1',
  \`step\` int(11) NOT NULL,
  \`description\` varchar(256) DEFAULT NULL,
  \`update_time\` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (\`biz_tag\`)
) ENGINE=InnoDB DEFAULT CHARSET=${charset}`;

/** A database in which a Leaf runs already. */
async function databaseOfLeaf(charset: string): Promise<OpenStore & { leaf: Pool }> {
  const url = await mariadb.createDatabase();
  const leaf = createPool(url);
  await leaf.query(leafTable(charset));
  await leaf.query(
    "INSERT INTO leaf_alloc (biz_tag, max_id, step, description) VALUES ('Order', 1, 2000, 'Test leaf')",
  );
  const open = openMysqlStore(url);
  toClose.push(
    () => leaf.end(),
    () => open.store.close(),
  );
  return { ...open, leaf };
}

/** What Leaf does for a segment (`IDAllocDaoImpl.updateMaxIdAndGetLeafAlloc`). */
async function allocateAsLeaf(leaf: Pool, tag: string): Promise<Range> {
  const connection = await leaf.getConnection();
  await connection.beginTransaction();
  await connection.query('UPDATE leaf_alloc SET max_id = max_id + step WHERE biz_tag = ?', [tag]);
  const [rows] = await connection.query('SELECT biz_tag, max_id, step FROM leaf_alloc WHERE biz_tag = ?', [
    tag,
  ]);
  await connection.commit();
  connection.release();
  const [{ max_id: end, step }] = rows as [{ max_id: number; step: number }];
  return { start: BigInt(end - step), end: BigInt(end) };
}

function segmentsOf(store: Store): SegmentArbiter {
  return new SegmentArbiter({
    store,
    fence: undefined,
    locks: noLocks,
    clock: systemClock,
    random: Math.random,
    rules: { ...SEGMENT_RULES, deadlineMs: PATIENCE_MS },
    events: new RecordedEvents(),
    coordinatorId: 'c1',
  });
}

test('the table that Leafcutter makes has exactly Leaf’s columns', async () => {
  const { handles } = await freshMysqlStores(mariadb);
  const { leaf } = await databaseOfLeaf('utf8mb4');
  toClose.push(
    ...handles.map(
      ({ store }) =>
        () =>
          store.close(),
    ),
  );
  const columns = `SELECT column_name AS name, ordinal_position AS position, column_type AS type, is_nullable AS nullable,
      column_default AS preset, extra AS extra, column_key AS of_key
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'leaf_alloc' ORDER BY ordinal_position`;
  const [leafs] = await leaf.query(columns);
  const own = await handles[0].driver.query(columns);
  expect(own.map((row) => ({ ...row, position: Number(row.position) }))).toEqual(leafs);
});

describe.each(['latin1', 'utf8mb3', 'utf8mb4 COLLATE utf8mb4_general_ci'])(
  'beside a Leaf, on its own table in %s',
  (charset) => {
    test('migrating leaves the table as it is', async () => {
      const { driver, leaf } = await databaseOfLeaf(charset);
      const [before] = await leaf.query('SHOW CREATE TABLE leaf_alloc');
      await migrateMysql(driver);
      await migrateMysql(driver);
      const [after] = await leaf.query('SHOW CREATE TABLE leaf_alloc');
      expect(after).toEqual(before);
    });

    test('a tag that Leaf’s operator entered is served, and its update time moves as Leaf’s own does', async () => {
      const { driver, store, leaf } = await databaseOfLeaf(charset);
      await migrateMysql(driver);
      await leaf.query("UPDATE leaf_alloc SET update_time = '2001-01-01 00:00:00'");
      expect(await segmentsOf(store).grant('Order', holder(1), CALM)).toEqual({ start: 1n, end: 2_001n });
      const [rows] = await leaf.query(
        'SELECT max_id, step, description, YEAR(update_time) > 2001 AS moved FROM leaf_alloc',
      );
      expect(rows).toEqual([{ max_id: 2_001, step: 2_000, description: 'Test leaf', moved: 1 }]);
    });

    test('Leaf and Leafcutter allocate at once and share no number', async () => {
      const { driver, store, leaf } = await databaseOfLeaf(charset);
      await migrateMysql(driver);
      const segments = segmentsOf(store);
      const asked = Array.from({ length: 60 }, async (_, n) => {
        if (n % 2 === 0) return allocateAsLeaf(leaf, 'Order');
        // Not all in one group: the two take turns.
        await new Promise((resolve) => setTimeout(resolve, n * 3));
        return segments.grant('Order', holder(n), CALM);
      });
      expect(overlaps(await Promise.all(asked))).toEqual([]);
    });

    test('names that the table takes for one are told apart, and not doubled', async () => {
      const { driver, store } = await databaseOfLeaf(charset);
      await migrateMysql(driver);
      for (const name of ['order', 'ORDER', 'Order ', 'Örder', 'Orde\u0301r', '数']) {
        expect(await store.findTag(name)).toBeUndefined();
        await expect(store.withTag(name, async () => 'in')).rejects.toMatchObject({ code: 'TAG_UNKNOWN' });
      }
      await expect(store.createTag(newTag('order'))).rejects.toMatchObject({ code: 'TAG_EXISTS' });
      expect(await store.listTags(undefined, 10)).toMatchObject([{ tag: 'Order', step: 2_000 }]);
      expect(await store.findTags(['Order', 'order', '数', 'nobody'])).toMatchObject([{ tag: 'Order' }]);
      await expect(store.changeTag('数', { step: 1 })).rejects.toMatchObject({ code: 'TAG_UNKNOWN' });
    });

    test('an umlaut is served and changed where the charset has it', async () => {
      const { driver, store, leaf } = await databaseOfLeaf(charset);
      await migrateMysql(driver);
      await leaf.query("INSERT INTO leaf_alloc (biz_tag, max_id, step) VALUES ('Größe', 5, 10)");
      expect(await store.findTag('Größe')).toMatchObject({ tag: 'Größe', nextId: 5n });
      expect(await segmentsOf(store).grant('Größe', holder(1), CALM)).toEqual({ start: 5n, end: 15n });
      expect(await store.changeTag('Größe', { retired: true })).toMatchObject({
        tag: 'Größe',
        retired: true,
      });
      expect((await store.listTags('Order', 10)).map(({ tag }) => tag)).toEqual([]);
      expect((await store.listTags(undefined, 10)).map(({ tag }) => tag)).toEqual(['Größe', 'Order']);
    });
  },
);

describe('a row that somebody made by hand', () => {
  const grantOf = (store: Store, tag: string) => segmentsOf(store).grant(tag, holder(1), CALM);

  test.each([0n, -5n])('with a counter of %d gives no ID below 1', async (maxId) => {
    const { driver, store } = await databaseOfLeaf('utf8mb4');
    await migrateMysql(driver);
    await insertByHand(driver, 'low', maxId, 10);
    const ranges = [await grantOf(store, 'low'), await grantOf(store, 'low')];
    expect(ranges.map(({ start, end }) => [start, end])).toEqual([
      [1n, 11n],
      [11n, 21n],
    ]);
  });

  test.each([0, -1])('with a step of %d is refused, until it is mended', async (step) => {
    const { driver, store } = await databaseOfLeaf('utf8mb4');
    await migrateMysql(driver);
    await insertByHand(driver, 'still', 1n, step);
    await expect(grantOf(store, 'still')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      reason: 'table',
      message: expect.stringContaining('its step'),
    });
    await driver.run("UPDATE leaf_alloc SET step = 10 WHERE biz_tag = 'still'");
    expect(await grantOf(store, 'still')).toMatchObject({ start: 1n, end: 11n });
  });

  test.each([
    ['whose counter is an int at its end', 'MODIFY max_id int unsigned NOT NULL', 4_294_967_290n],
    ['beside a column that must be given', 'ADD COLUMN owner int NOT NULL', 1n],
  ])('in a table %s is refused with a code that says so', async (_what, change, maxId) => {
    const { driver, store } = await databaseOfLeaf('utf8mb4');
    await migrateMysql(driver);
    await insertByHand(driver, 'tight', 1n, 10);
    await driver.run(`ALTER TABLE leaf_alloc ${change}`);
    await driver.run('UPDATE leaf_alloc SET max_id = ?', [maxId]);
    const asked = change.startsWith('ADD') ? store.createTag(newTag('new')) : grantOf(store, 'tight');
    await expect(asked).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', reason: 'table' });
  });
});
